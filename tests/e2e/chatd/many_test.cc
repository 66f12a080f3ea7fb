// SPDX-License-Identifier: ISC
// Many clients at once: one order for all of them.
#include "tests/e2e/chat_client.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <memory>
#include <poll.h>
#include <sys/resource.h>

using namespace e2e;
using common::text;

namespace {

constexpr std::size_t members = 2000;
constexpr int lines = 1000;

// What a member was shown, less joining, as long as it is what the first one was shown.
class Member {
public:
    Member(const Daemon& daemon, std::size_t number) : connection_(daemon.port()) {
        connection_.send(text("member", number, "\n\n"));
    }
    int fd() const { return connection_.fd(); }
    std::size_t lines_heard() const { return heard_; }

    // Takes what is there; speech must be expected[lines_heard()], ..., which the first member fills.
    void listen(std::vector<std::string>& expected) {
        std::array<char, 65536> piece{};
        const common::IoResult got = common::read_some(fd(), piece);
        if (got.state == common::IoState::ended || got.state == common::IoState::vanished)
            throw Failure{"a member was disconnected: " + unfinished_};
        unfinished_.append(piece.data(), got.bytes);
        std::size_t from = 0;
        for (std::size_t end; (end = unfinished_.find('\n', from)) != unfinished_.npos; from = end + 1) {
            const std::string_view line = std::string_view{unfinished_}.substr(from, end - from);
            if (line.find("You are in ") != line.npos) has_entered_ = true;
            if (line.find(" say: ") == line.npos) continue;
            if (heard_ == expected.size()) expected.emplace_back(line);
            if (line != expected[heard_++])
                throw Failure{text("heard `", line, "' for `", expected[heard_ - 1], "'")};
        }
        unfinished_.erase(0, from);
    }
    bool has_entered() const { return has_entered_; }

private:
    Connection connection_;
    std::string unfinished_;
    std::size_t heard_ = 0;
    bool has_entered_ = false;
};

using Members = std::vector<std::unique_ptr<Member>>;

// Serves all until it holds for each of them.
void listen_until(const Members& all, std::vector<std::string>& expected, bool (*holds)(const Member&)) {
    std::size_t missing = all.size();
    std::vector<pollfd> watched;
    for (const auto& member : all) watched.push_back({member->fd(), POLLIN, 0});
    while (missing > 0) {
        if (::poll(watched.data(), watched.size(), std::chrono::milliseconds{patience}.count()) == 0)
            throw Failure{text(missing, " members wait in vain")};
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (watched[i].revents == 0) continue;
            const bool held = holds(*all[i]);
            all[i]->listen(expected);
            if (!held && holds(*all[i])) --missing;
        }
    }
}

bool can_open(rlim_t descriptors) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_max >= descriptors;
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("2000 clients in one room all get 1000 lines in the same order") {
        if (backend() == common::Backend::select || !can_open(2 * members + 200))
            return tests::skip("needs more descriptors than there are, or than select takes");
        const Daemon daemon{chatd_with({text("max-clients ", members * 10 / 8), "history-on-join 0"})};
        Members all;
        std::vector<std::string> expected;
        for (std::size_t number = 0; number < members; ++number)
            all.push_back(std::make_unique<Member>(daemon, number));
        listen_until(all, expected, [](const Member& member) { return member.has_entered(); });

        ChatClient one{daemon, "one"}, two{daemon, "two"}; // they speak at the same time
        std::string typed;
        for (int line = 0; line < lines / 2; ++line) typed += text("line ", line, '\n');
        one.send(typed);
        two.send(typed);
        listen_until(all, expected, [](const Member& member) { return member.lines_heard() == lines; });
        CHECK(expected.size() == lines);
        for (const std::string speaker : {"one", "two"}) {
            int next = 0;
            for (const std::string& line : expected) next += line == text(speaker, " say: line ", next);
            CHECK(next == lines / 2);
        }
    }
}
