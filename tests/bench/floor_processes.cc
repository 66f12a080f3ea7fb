// SPDX-License-Identifier: ISC
#include "tests/bench/floor_processes.hh"

#include "common/errors.hh"
#include "common/poller.hh"
#include "common/socket.hh"

#include <array>
#include <atomic>
#include <cstdint>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace bench {
namespace {

using common::checked;
using common::Fd;

constexpr std::size_t most_clients = 65536;
constexpr std::string_view welcome = "in\n";

enum State : std::uint32_t { awake, asleep, news };
using Word = std::atomic<std::uint32_t>;

std::span<Word> make_words() {
    void* const shared = ::mmap(nullptr, most_clients * sizeof(Word), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) common::fail("map", "the words");
    return {static_cast<Word*>(shared), most_clients};
}

// --- the process of one client ---------------------------------------------------------------------------

class Handler {
public:
    Handler(Fd client, Fd hub, int log, Word& word)
        : client_(std::move(client)),
          hub_(std::move(hub)),
          log_(log),
          word_(word),
          at_(checked("seek", {}, [&] { return ::lseek(log, 0, SEEK_END); })) {}

    void run() {
        ::send(client_.get(), welcome.data(), welcome.size(), MSG_NOSIGNAL);
        std::array<pollfd, 2> waits{pollfd{client_.get(), POLLIN, 0}, pollfd{hub_.get(), POLLIN, 0}};
        for (;;) {
            send_news();
            std::uint32_t found = awake;
            if (!word_.compare_exchange_strong(found, asleep) && found == news) continue;
            common::retry([&] { return ::poll(waits.data(), waits.size(), -1); });
            if (waits[1].revents != 0 && ::recv(hub_.get(), piece_.data(), 1, 0) <= 0) return;
            if (waits[0].revents != 0 && !hand_on()) return;
        }
    }

private:
    void send_news() {
        word_.exchange(awake);
        for (;;) {
            const auto got = common::retry([&] { return ::pread(log_, piece_.data(), piece_.size(), at_); });
            if (got <= 0) return;
            at_ += got;
            ::send(client_.get(), piece_.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
            if (static_cast<std::size_t>(got) < piece_.size()) return;
        }
    }
    // False when the client is gone.
    bool hand_on() {
        const auto got = ::recv(client_.get(), piece_.data(), piece_.size(), 0);
        if (got <= 0) return false;
        said_.append(piece_.data(), static_cast<std::size_t>(got));
        const std::size_t end = said_.rfind('\n') + 1; // 0: no line is whole
        if (end > 0) ::send(hub_.get(), said_.data(), end, MSG_NOSIGNAL);
        said_.erase(0, end);
        return true;
    }

    Fd client_, hub_;
    int log_;
    Word& word_;
    off_t at_ = 0;
    std::string said_; // of a line that is not whole
    std::array<char, 32768> piece_{};
};

// --- the hub ---------------------------------------------------------------------------------------------

class Hub {
public:
    Hub(const Fd& listener, const char* log)
        : listener_(listener), log_(checked("open", log, [&] {
              return ::open(log, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
          })) {
        poller_->watch(listener.get(), common::Interest::read);
    }

    [[noreturn]] void run() {
        for (;;) {
            std::string lines;
            for (const common::Event& event : poller_->wait({})) {
                if (event.fd == listener_.get())
                    admit();
                else
                    take_from(event.fd, lines);
            }
            if (lines.empty()) continue;
            if (common::write_some(log_.get(), lines).bytes != lines.size()) common::fail("write", "the log");
            for (const auto& [pair, handler] : handlers_)
                if (words_[handler.word].exchange(news) == asleep) ::send(pair, "!", 1, MSG_NOSIGNAL);
        }
    }

private:
    struct Known {
        Fd pair;
        std::size_t word;
    };

    void admit() {
        Fd client{checked("accept", {}, [&] { return ::accept(listener_.get(), nullptr, nullptr); })};
        const std::size_t word = free_word();
        std::array<int, 2> pair{};
        checked("make", "a pair", [&] { return ::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair.data()); });
        Fd ours{pair[0]}, theirs{pair[1]};
        if (checked("fork", {}, [] { return ::fork(); }) == 0) {
            handlers_.clear(); // or each would hold the pairs of those before it
            ours.reset();
            Handler{std::move(client), std::move(theirs), log_.get(), words_[word]}.run();
            ::_exit(0);
        }
        const int number = ours.get();
        poller_->watch(number, common::Interest::read);
        handlers_.emplace(number, Known{std::move(ours), word});
    }
    std::size_t free_word() {
        if (free_.empty()) {
            if (handlers_.size() == most_clients) common::fail_with(EMFILE, "admit", "a client");
            return handlers_.size(); // as none is free, these are all that were ever taken
        }
        const std::size_t word = free_.back();
        free_.pop_back();
        words_[word] = awake;
        return word;
    }
    void take_from(int pair, std::string& lines) {
        const auto got = ::recv(pair, piece_.data(), piece_.size(), 0);
        if (got > 0) {
            lines.append(piece_.data(), static_cast<std::size_t>(got));
            return;
        }
        poller_->forget(pair);
        free_.push_back(handlers_.at(pair).word);
        handlers_.erase(pair);
    }

    const Fd& listener_;
    Fd log_;
    std::span<Word> words_ = make_words();
    std::unique_ptr<common::Poller> poller_ = common::Poller::make(common::best_backend());
    std::map<int, Known> handlers_; // by our end of the pair
    std::vector<std::size_t> free_; // words of those who are gone
    std::vector<char> piece_ = std::vector<char>(256 * 1024);
};

} // namespace

void serve_by_processes(const Fd& listener, const char* log) {
    ::signal(SIGCHLD, SIG_IGN); // nobody waits for the children
    Hub{listener, log}.run();
}

} // namespace bench
