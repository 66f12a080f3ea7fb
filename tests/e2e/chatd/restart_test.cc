// SPDX-License-Identifier: ISC
// The hub is killed under load and started again, many times on one state: what anybody was shown is in the
// log, once, in that order and without a gap.
#include "tests/e2e/chat_client.hh"

#include "chatd/room_log/log_reader.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <poll.h>
#include <random>
#include <unordered_map>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

constexpr int rounds = 200;
constexpr int speakers = 3;
constexpr int lines_each = 500;                                                  // in a round
constexpr std::size_t bytes_heard = speakers * (speakers - 1) * lines_each * 30; // at least, of a whole round
constexpr std::string_view said = " say: ";

// Types all it has to say at once and remembers what it was shown.
class Speaker {
public:
    Speaker(const Daemon& daemon, int number)
        : name_(text("speaker", number)), connection_(daemon.port()), unsent_(name_ + "\n\n") {}

    bool has_entered() const { return shown_.find("You are in ") != shown_.npos; }
    void speak(int round) {
        for (int line = 0; line < lines_each; ++line)
            unsent_ += text(name_, " in ", round, " says ", line, '\n');
    }
    // Sends and takes what it can now.
    void serve() {
        const common::IoResult wrote = common::write_some(connection_.fd(), unsent_);
        unsent_.erase(0, wrote.bytes);
        std::array<char, 65536> piece{};
        const common::IoResult got = common::read_some(connection_.fd(), piece);
        has_ended_ = got.state == common::IoState::ended || got.state == common::IoState::vanished;
        shown_.append(piece.data(), got.bytes);
    }
    pollfd interest() const {
        return {connection_.fd(), static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    }
    bool has_ended() const { return has_ended_; }
    std::size_t shown() const { return shown_.size(); } // bytes
    const std::string& name() const { return name_; }

    // The whole lines of speech that it was shown.
    std::vector<std::string> heard() const {
        std::vector<std::string> lines = split_lines(shown_.substr(0, shown_.rfind('\n') + 1));
        std::erase_if(lines, [](const std::string& line) { return line.find(said) == line.npos; });
        // History has number and time before a line.
        for (std::string& line : lines)
            if (line.starts_with('[')) line.erase(0, line.find("] ") + 2);
        return lines;
    }

private:
    std::string name_;
    Connection connection_;
    std::string unsent_, shown_;
    bool has_ended_ = false;
};

using Speakers = std::vector<std::unique_ptr<Speaker>>;
bool has_entered(const std::unique_ptr<Speaker>& speaker) { return speaker->has_entered(); }

// Serves them until this holds, or all have ended.
void serve(const Speakers& speaking, const std::function<bool()>& holds) {
    while (!holds()) {
        std::vector<pollfd> watched;
        for (const auto& speaker : speaking)
            if (!speaker->has_ended()) watched.push_back(speaker->interest());
        if (watched.empty()) return;
        if (::poll(watched.data(), watched.size(), std::chrono::milliseconds{patience}.count()) == 0)
            throw Failure{"nobody is shown anything any more"};
        for (const auto& speaker : speaking)
            if (!speaker->has_ended()) speaker->serve();
    }
}

std::size_t shown_to(const Speakers& speaking) {
    std::size_t bytes = 0;
    for (const auto& speaker : speaking) bytes += speaker->shown();
    return bytes;
}

// The lines of speech in a room's segments, as people are shown them. How much is said depends on the
// machine: there may be more than one.
std::vector<std::string> read_log(const Path& folder) {
    std::vector<Path> segments;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        if (entry.path().extension() == ".log") segments.push_back(entry.path());
    std::ranges::sort(segments);
    std::vector<std::string> lines;
    std::uint64_t number = 0;
    for (const Path& path : segments) {
        chatd::LogReader reader{common::Fd{common::checked("open", path.native(),
                                                           [&] { return ::open(path.c_str(), O_RDONLY); })},
                                0};
        for (chatd::Record record; reader.next(record) == chatd::LogReader::Result::record;) {
            const bool is_mark =
                record.kind == chatd::Kind::segment_start || record.kind == chatd::Kind::segment_end;
            if (!is_mark && record.line != ++number)
                throw Failure{text("line ", record.line, " is where ", number, " should be")};
            if (record.kind == chatd::Kind::said) lines.push_back(text(record.name, said, record.text));
        }
        if (reader.has_tail()) throw Failure{text(path.native(), " is damaged at byte ", reader.offset())};
    }
    return lines;
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("whatever anybody was shown when a hub was killed under load is in the log once and in order") {
        const TempDir place;
        const Path state = place.make_shared("home") / "state";
        const Daemon::Setting setting = chatd_with({"state " + state.native()});
        std::mt19937 random{1};
        Speakers all;
        for (int round = 0; round < rounds; ++round) {
            Daemon daemon{setting};
            Speakers speaking;
            for (int number = 0; number < speakers; ++number)
                speaking.push_back(std::make_unique<Speaker>(daemon, number));
            // Some are killed while people come in.
            if (round % 10 != 0) serve(speaking, [&] { return std::ranges::all_of(speaking, has_entered); });
            for (const auto& speaker : speaking) speaker->speak(round);
            const std::size_t least = random() % (round % 10 == 0 ? 100 : bytes_heard);
            const std::size_t before = shown_to(speaking);
            serve(speaking, [&] { return shown_to(speaking) >= before + least; });
            daemon.kill();
            serve(speaking, [] { return false; });
            std::move(speaking.begin(), speaking.end(), std::back_inserter(all));
        }
        const Daemon daemon{setting}; // recovers what the last one left
        const std::vector<std::string> log = read_log(state / "rooms" / "lobby");
        std::unordered_map<std::string, std::size_t> places;
        for (const std::string& line : log)
            if (!places.emplace(line, places.size()).second) FAIL_CHECK(line << " is there twice");
        CHECK(log.size() > rounds * lines_each / 10);

        std::size_t heard = 0;
        for (const auto& speaker : all) {
            std::size_t next = 0; // place of the line that must come next; 0: any
            for (const std::string& line : speaker->heard()) {
                const auto found = places.find(line);
                if (found == places.end()) FAIL(line << " is not in the log");
                while (next != 0 && next < found->second && log[next].starts_with(speaker->name() + ' '))
                    ++next;
                if (next != 0 && next != found->second)
                    FAIL(line << " was shown where " << log.at(next) << " is");
                next = found->second + 1;
                ++heard;
            }
        }
        CHECK(heard > rounds * lines_each / 10);
        MESSAGE(heard << " lines were shown, " << log.size() << " said");
    }
}
