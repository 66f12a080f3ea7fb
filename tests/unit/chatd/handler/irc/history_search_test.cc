// SPDX-License-Identifier: ISC
// Which lines of a log history is about, and how they are found in it.
#include "chatd/handler/irc/history_search.hh"

#include "common/socket.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>

using namespace chatd;
using namespace chatd::irc;
using Side = HistoryRange::Side;

namespace {

constexpr std::int64_t start = 1'700'000'000'000'000;
constexpr std::int64_t second = 1'000'000;

Record line(std::uint64_t number, Kind kind = Kind::said) {
    return {.kind = kind,
            .line = number,
            .time = start + static_cast<std::int64_t>(number) * second,
            .speaker = 1,
            .name = "ada",
            .text = std::to_string(number)};
}
HistoryPoint at_time(std::uint64_t number, std::int64_t more = 0) { return line(number).time + more; }
HistoryPoint at_line(std::uint64_t number, unsigned part = 0) { return MessageId{1, number, part, "lobby"}; }

std::size_t ranges_between(const HistoryPoint& from, const HistoryPoint& until) {
    return ranges_of({HistoryQuery::Kind::between, "#lobby", from, until, 5}).size();
}

// A log of one segment, the lines 1 to this, and a hub that gives it out whenever it is asked to find
// something there: from the beginning, as of a segment of which it remembers nothing.
class Searched {
public:
    explicit Searched(std::uint64_t lines) : next_(lines + 1) {
        std::ofstream out{log_, std::ios::binary};
        out << pack_record({Kind::segment_start, 1, start, 1, "lobby", ""});
        for (std::uint64_t number = 1; number <= lines; ++number)
            out << pack_record(line(number, number % 10 == 0 ? Kind::joined : Kind::said));
    }

    // The lines that were found; how often the hub was asked is in asked.
    std::vector<std::uint64_t> find(const HistoryRange& range) {
        asked = 0;
        HistorySearch search{hub, 4, next_, range};
        for (int round = 0; !search.has_ended() && round < 1000; ++round)
            if (!search.go_on()) answer(search);
        REQUIRE(search.has_ended());
        std::vector<std::uint64_t> found;
        for (const Record& record : search.found())
            if (range.holds(record, 0)) found.push_back(record.line);
        return found;
    }

    int asked = 0;
    bool refuses = false;

private:
    void answer(HistorySearch& search) {
        std::array<char, max_frame> bytes{};
        const common::Received got = common::receive_packet(pair_.first.get(), bytes);
        REQUIRE(got.state == common::IoState::done);
        const bool is_find = message_of({bytes.data(), got.bytes}) == Message::find;
        hub.take_answer();
        if (!is_find || refuses) return search.end_log();
        ++asked;
        search.open(1, common::Fd{::open(log_.c_str(), O_RDONLY | O_CLOEXEC)}, 0);
    }

    TemporaryFolder folder_;
    std::string log_ = folder_ / "log";
    std::uint64_t next_;
    std::pair<common::Fd, common::Fd> pair_ = common::make_packet_pair();

public:
    HubTalk hub{std::move(pair_.second), false};
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc history: a range has neither of its points in it but for who wants that") {
        const HistoryRange by_line{.after = at_line(5, 1), .before = at_line(8, 1)};
        CHECK_FALSE(by_line.holds(line(5), 0));
        CHECK_FALSE(by_line.holds(line(5), 1));
        CHECK(by_line.holds(line(5), 2));
        CHECK(by_line.holds(line(8), 0));
        CHECK_FALSE(by_line.holds(line(8), 1));
        CHECK(by_line.begins_behind(line(4)));
        CHECK_FALSE(by_line.begins_behind(line(5)));
        CHECK_FALSE(by_line.ends_before(line(8)));
        CHECK(by_line.ends_before(line(9)));
        const HistoryRange by_time{.after = at_time(5), .before = at_time(8)};
        CHECK_FALSE(by_time.holds(line(5), 0));
        CHECK(by_time.holds(line(6), 0));
        CHECK_FALSE(by_time.holds(line(8), 0));
        const HistoryRange including{.after = at_time(5), .includes_after = true};
        CHECK(including.holds(line(5), 0));
        CHECK_FALSE(including.begins_behind(line(5)));
        CHECK_FALSE(HistoryRange{.after = at_line(5)}.holds(line(5), 0));
        CHECK(HistoryRange{.after = at_line(5), .includes_after = true}.holds(line(5), 0));
        CHECK(HistoryRange{}.holds(line(5), 7));
    }

    TEST_CASE("irc history: times count in milliseconds") {
        CHECK_FALSE(HistoryRange{.after = at_time(5, -900)}.begins_behind(line(5)));
        CHECK(HistoryRange{.after = at_time(5, 900)}.begins_behind(line(5)));
        CHECK(HistoryRange{.before = at_time(5, 900)}.ends_before(line(5)));
        CHECK_FALSE(HistoryRange{.before = at_time(5, 1000)}.ends_before(line(5)));
    }

    TEST_CASE("irc history: what is between two points is looked for in their order if that is known") {
        CHECK(ranges_between(at_line(1), at_line(5)) == 1);
        CHECK(ranges_between(at_time(1), at_time(5)) == 1);
        CHECK(ranges_between(at_line(1), at_time(5)) == 2);
        const auto back = ranges_of({HistoryQuery::Kind::between, "#lobby", at_line(5), at_line(1), 3});
        REQUIRE(back.size() == 1);
        CHECK(back[0].side == Side::last);
        CHECK(back[0].after == at_line(1));
    }

    TEST_CASE("irc history: the newest lines are found without a look at the rest of the log") {
        Searched log{20000};
        using Lines = std::vector<std::uint64_t>;
        const auto last = log.find({.limit = 3});
        CHECK(Lines{last.end() - 3, last.end()} == Lines{19997, 19998, 19999});
        CHECK(log.asked == 1);
        const auto first = log.find({.after = at_time(19990), .side = Side::first, .limit = 2});
        CHECK(Lines{first.begin(), first.begin() + 2} == Lines{19991, 19992});
        CHECK(log.asked == 1);
        const auto by_line = log.find({.after = at_line(7), .side = Side::first, .limit = 2});
        CHECK(Lines{by_line.begin(), by_line.begin() + 2} == Lines{8, 9});
        CHECK(log.asked == 1);
    }

    TEST_CASE("irc history: what is far back is found in ever longer steps") {
        Searched log{20000};
        const auto back = log.find({.before = at_time(101), .limit = 2});
        REQUIRE(back.size() >= 2);
        CHECK(back.back() == 99);
        CHECK(log.asked > 1);
        CHECK(log.asked <= 4);
        const auto on = log.find({.after = at_time(100), .side = Side::first, .limit = 2});
        REQUIRE(on.size() >= 2);
        CHECK(on.front() == 101);
        CHECK(log.asked <= 4);
        CHECK(log.find({.before = at_time(1), .limit = 2}).empty());
        CHECK(log.find({.after = at_time(30000), .side = Side::first, .limit = 2}).empty());
        CHECK(log.find({.after = at_line(UINT64_MAX), .side = Side::first, .limit = 2}).empty());
        CHECK(log.find({.before = at_line(UINT64_MAX), .limit = 1}).back() == 19999);
    }

    TEST_CASE("irc history: of a log that cannot be had is said so") {
        Searched log{5};
        log.refuses = true;
        HistorySearch search{log.hub, 4, 6, {.limit = 3}};
        CHECK_FALSE(search.has_ended());
        CHECK(search.go_on());
        CHECK_FALSE(search.go_on());
        search.end_log();
        CHECK(search.go_on());
        CHECK(search.has_ended());
        CHECK(search.is_refused());
    }
}
