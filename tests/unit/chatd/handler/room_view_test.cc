// SPDX-License-Identifier: ISC
// A room as one client follows it, and questions about its log.
#include "chatd/handler/room_view.hh"
#include "chatd/room_log/log_query.hh"
#include "tests/unit/chatd/room_log/room_log_place.hh"

#include <doctest/doctest.h>

using namespace chatd;

namespace {

constexpr std::uint64_t own_number = 9;

RoomView view_of(const RoomLog& log, std::uint64_t joined, std::uint64_t first = 0) {
    return {{1, own_number, joined, first, 1, 0}, "room", log.open_segment(1).fd};
}

bool asks_for_segment(RoomView& view) {
    const bool asks = view.needs_segment();
    if (asks) view.note_asked();
    return asks;
}

// What can be seen now: "2 3 lost4 8", earlier lines in parentheses.
std::string seen_in(RoomView& view) {
    std::string seen;
    for (Record record;;) {
        const RoomView::Step step = view.next(record);
        const std::string_view blank = seen.empty() ? "" : " ";
        if (step.kind == RoomView::Step::Kind::nothing) return seen;
        if (step.kind == RoomView::Step::Kind::segment_end) return seen + std::string{blank} + "end";
        if (step.kind == RoomView::Step::Kind::lost)
            seen += common::text(blank, "lost", step.lost);
        else
            seen += step.is_earlier ? common::text(blank, '(', record.line, ')')
                                    : common::text(blank, record.line);
    }
}

// Lines 1 to 6: ada joins, says two, 9 joins, says one, ada leaves.
void make_lines(RoomLog& log) {
    log.add(Kind::joined, 7, "ada", "");
    log.add(Kind::said, 7, "ada", "one");
    log.add(Kind::said, 7, "ada", "two");
    log.add(Kind::joined, own_number, "bob", "");
    log.add(Kind::said, own_number, "bob", "mine");
    log.add(Kind::left, 7, "ada", "");
    if (!log.flush()) throw std::runtime_error{"not written"};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("view: a newcomer sees earlier speech and later everything but its own") {
        RoomPlace place;
        RoomLog log = place.open();
        make_lines(log);
        RoomView view = view_of(log, 4);
        CHECK(seen_in(view) == "(2) (3) 6");
        CHECK(view.next_line() == 7);
        RoomView bot = view_of(log, 4);
        bot.hide_earlier();
        CHECK(seen_in(bot) == "6");
    }

    TEST_CASE("view: who resumes sees all lines from the first that it missed on") {
        RoomPlace place;
        RoomLog log = place.open();
        make_lines(log);
        RoomView all = view_of(log, 4, 1);
        CHECK(seen_in(all) == "(1) (2) (3) 6");
        RoomView some = view_of(log, 4, 3);
        CHECK(seen_in(some) == "(3) 6");
    }

    TEST_CASE("view: who comes back is not shown what it did itself before it went") {
        RoomPlace place;
        RoomLog log = place.open();
        make_lines(log); // 1 to 3 are of number 7
        RoomView view{{1, own_number, 4, 1, 1, 0, {5, 7}}, "lobby", log.open_segment(1).fd};
        CHECK(seen_in(view).empty());
    }

    TEST_CASE("view: an own line that is not answered for is not passed over nor what follows it") {
        RoomPlace place;
        RoomLog log = place.open();
        log.add(Kind::said, own_number, "ada", "answered for", 4);
        log.add(Kind::said, own_number, "ada", "not yet", 5);
        REQUIRE(log.flush());
        say(log, 1);
        RoomView view{{1, own_number, 1, 1, 1, 0}, "lobby", log.open_segment(1).fd};
        view.hold_own_from(5);
        for (int i = 0; i < 2; ++i) {
            CHECK(seen_in(view).empty());
            CHECK(view.next_line() == 2);
        }
        view.hold_own_from(0);
        CHECK(seen_in(view) == "3");
        CHECK(view.next_line() == 4);
    }

    TEST_CASE("view: at a segment's end it asks once for the next and goes on there") {
        RoomPlace place;
        RoomLog log = place.open();
        make_lines(log);
        log.start_new_segment();
        say(log, 2);
        RoomView view = view_of(log, 4);
        CHECK(seen_in(view) == "(2) (3) 6 end");
        CHECK(asks_for_segment(view));
        CHECK_FALSE(asks_for_segment(view));
        view.go_on(2, log.open_segment(2).fd, 0);
        CHECK(seen_in(view) == "7 8");
        CHECK(view.has_caught_up());
        CHECK_FALSE(asks_for_segment(view));
        say(log, 1);
        view.wake();
        CHECK(seen_in(view) == "9");
    }

    TEST_CASE("view: damage is asked about at once and again only after a wake and its lines are lost") {
        RoomPlace place;
        std::size_t third = 0;
        {
            RoomLog log = place.open();
            say(log, 2);
            third = read_all(place.segment(1)).size();
            say(log, 3);
        }
        std::string bytes = read_all(place.segment(1));
        bytes[third + 40] ^= 1;
        write_all(place.segment(1), bytes);
        RoomLog log = place.open();
        RoomView view = view_of(log, 3); // a newcomer, whose history leads up to the damage
        CHECK(seen_in(view) == "(1) (2)");
        CHECK(asks_for_segment(view));
        view.look_again();
        CHECK(seen_in(view).empty());
        CHECK_FALSE(asks_for_segment(view));
        view.wake();
        CHECK(seen_in(view).empty());
        CHECK(asks_for_segment(view));
        say(log, 1);
        view.go_on(2, log.open_segment(2).fd, 0);
        CHECK(seen_in(view) == "lost3 6");
    }

    TEST_CASE(
        "view: a record that was half written when it was read is not lost when the next segment comes") {
        RoomPlace place;
        RoomLog log = place.open();
        say(log, 2);
        const std::string before = read_all(place.segment(1));
        say(log, 2);
        log.start_new_segment();
        say(log, 1);
        const std::string whole = read_all(place.segment(1));
        write_all(place.segment(1),
                  whole.substr(0, before.size() + 20)); // as whoever reads meanwhile sees it
        RoomView view = view_of(log, 1);
        LogQuery query{{1, 99, {}}};
        query.open(1, log.open_segment(1).fd, 0);
        Record record;
        CHECK(seen_in(view) == "1 2");
        CHECK(asks_for_segment(view));
        CHECK(query.next(record, 1) == LogQuery::Result::nothing); // the segment's start
        CHECK(query.next(record, 1) == LogQuery::Result::line);
        CHECK(query.next(record, 1) == LogQuery::Result::line);
        CHECK(query.next(record, 1) == LogQuery::Result::segment_end);
        write_all(place.segment(1), whole);
        view.go_on(2, log.open_segment(2).fd, 0);
        CHECK(seen_in(view) == "3 4 end");
        CHECK(asks_for_segment(view));
        view.go_on(2, log.open_segment(2).fd, 0);
        CHECK(seen_in(view) == "5");
        query.open(2, log.open_segment(2).fd, 0);
        CHECK(query.next(record, 1) == LogQuery::Result::line);
        CHECK(record.line == 3);
    }

    TEST_CASE("view: skipping ahead tells how many lines are passed over") {
        RoomPlace place;
        RoomLog log = place.open();
        say(log, 10);
        RoomView view = view_of(log, 2);
        const Position end = log.position_of_last(0, UINT64_MAX);
        CHECK(view.skip_to(log.next_line(), end.segment, log.open_segment(end.segment).fd, end.offset) == 9);
        CHECK(seen_in(view).empty());
        say(log, 1);
        view.wake();
        CHECK(seen_in(view) == "11");
    }

    TEST_CASE("query: lines that should be there and are gone are told once and only those asked for") {
        RoomPlace place;
        RoomLog log = place.open();
        say(log, 4);
        log.start_new_segment();
        say(log, 4); // 5 to 8
        log.start_new_segment();
        say(log, 2); // 9 and 10
        using Segments = std::vector<std::uint32_t>;
        const auto told = [&](std::uint64_t from, std::uint64_t until, const Segments& there) {
            LogQuery query{{from, until, {}}};
            query.open(there[0], log.open_segment(there[0]).fd, 0);
            std::string all;
            std::size_t at = 0;
            for (Record record; !query.has_ended();) {
                const auto result = query.next(record, 100);
                if (const auto gap = query.take_gap())
                    all += common::text('-', gap->first, '-', gap->last, ' ');
                if (result == LogQuery::Result::line) all += common::text(record.line, ' ');
                if (result != LogQuery::Result::segment_end) continue;
                if (++at == there.size()) break;
                query.open(there[at], log.open_segment(there[at]).fd, 0);
            }
            return all;
        };
        CHECK(told(3, 11, {1, 2, 3}) == "3 4 5 6 7 8 9 10 ");
        CHECK(told(3, 11, {2, 3}) == "-3-4 5 6 7 8 9 10 ");
        CHECK(told(6, 11, {2, 3}) == "6 7 8 9 10 ");
        CHECK(told(3, 11, {1, 3}) == "3 4 -5-8 9 10 ");
        CHECK(told(1, 5, {3}) == "-1-4 ");
        CHECK(told(1, 7, {3}) == "-1-6 ");
        CHECK(told(20, 30, {3}) == "");
    }

    TEST_CASE("query: there is no more only if there is none now: what came meanwhile is read on") {
        RoomPlace place;
        RoomLog log = place.open();
        say(log, 3);
        LogQuery query{{1, UINT64_MAX, {}}};
        query.open(1, log.open_segment(1).fd, 0);
        Record record;
        CHECK(query.next(record, 2) == LogQuery::Result::line); // and has read all three
        say(log, 2);
        for (std::uint64_t line = 2; line <= 5; ++line) {
            REQUIRE(query.next(record, 1) == LogQuery::Result::line);
            CHECK(record.line == line);
        }
        CHECK(query.next(record, 1) == LogQuery::Result::nothing);
        CHECK(query.has_ended());
    }

    TEST_CASE("query: lines between two numbers and with all words over segments") {
        RoomPlace place;
        RoomLog log = place.open();
        log.add(Kind::said, 7, "Ada", "The Cat");
        log.add(Kind::said, 7, "bob", "the dog");
        log.flush();
        log.start_new_segment();
        log.add(Kind::said, 7, "ada", "the ÉLAN of cats");
        log.flush();
        const auto found = [&](std::uint64_t from, std::uint64_t until, std::string_view words) {
            LogQuery query{{from, until, search_words(words)}};
            query.open(1, log.open_segment(1).fd, 0);
            std::string lines;
            for (Record record; !query.has_ended();) switch (query.next(record, 1)) {
                case LogQuery::Result::line: lines += common::text(record.line, ' '); break;
                case LogQuery::Result::segment_end:
                    query.open(query.segment() + 1, log.open_segment(query.segment() + 1).fd, 0);
                    break;
                case LogQuery::Result::nothing: break;
                }
            return lines;
        };
        CHECK(found(1, 4, "") == "1 2 3 ");
        CHECK(found(2, 3, "") == "2 ");
        CHECK(found(3, 3, "").empty());
        CHECK(found(1, 99, "cat THE") == "1 3 ");
        CHECK(found(1, 99, "ada élan") == "3 ");
        CHECK(found(1, 99, "  bob  ") == "2 ");
        CHECK(found(1, 99, "cat dog").empty());
    }
}
