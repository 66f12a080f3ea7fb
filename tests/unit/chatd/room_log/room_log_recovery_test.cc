// SPDX-License-Identifier: ISC
// What a room's log does with files that a crash or a bad disk left.
#include "tests/unit/chatd/room_log/room_log_place.hh"

#include <doctest/doctest.h>
#include <filesystem>

using namespace chatd;

namespace {

// A log of so many lines, and where each of them begins in its first segment.
std::vector<std::size_t> make_log(RoomPlace& place, unsigned lines) {
    RoomLog log = place.open();
    std::vector<std::size_t> starts;
    for (unsigned line = 1; line <= lines; ++line) {
        starts.push_back(read_all(place.segment(1)).size());
        say(log, 1);
    }
    return starts;
}

std::string all_lines(const RoomLog& log) { return Follower{log}.lines(); }

std::string mark(Kind kind, std::uint64_t line) { return pack_record({kind, line, 0, 0, "room", ""}); }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a log that is opened again goes on where it ended") {
        RoomPlace place;
        make_log(place, 3);
        for (int start = 0; start < 3; ++start) {
            RoomLog log = place.open();
            say(log, 1);
        }
        const RoomLog log = place.open();
        CHECK(all_lines(log) == "1 2 3 4 5 6");
        CHECK(log.next_line() == 7);
        CHECK(log.last_segment() == 1);
    }

    TEST_CASE("a last record that is not whole is cut off whatever its length and its line is used again") {
        RoomPlace place;
        const std::size_t last = make_log(place, 3).back();
        const std::string without = read_all(place.segment(1));
        const std::string third = pack_record({Kind::said, 3, 0, 7, "ada", "line 3", 12});
        for (const std::string& whole : {without, without.substr(0, last) + third}) // with a serial
            for (std::size_t left = last; left < whole.size(); ++left) {
                CAPTURE(left);
                write_all(place.segment(1), whole.substr(0, left));
                RoomLog log = place.open();
                CHECK(read_all(place.segment(1)).size() == last);
                CHECK(log.next_line() == 3);
                say(log, 1);
                CHECK(all_lines(log) == "1 2 3");
            }
    }

    TEST_CASE("a tail of anything but records is cut off") {
        RoomPlace place;
        make_log(place, 2);
        const std::string whole = read_all(place.segment(1));
        for (const std::string& tail :
             {std::string(1, '\0'), std::string(100'000, '\0'), std::string(100'000, 'x')}) {
            write_all(place.segment(1), whole + tail);
            RoomLog log = place.open();
            CHECK(read_all(place.segment(1)) == whole);
            CHECK(log.next_line() == 3);
        }
    }

    TEST_CASE("a damaged record before valid ones is left as it is and readers go on behind it") {
        RoomPlace place;
        const std::size_t third = make_log(place, 5)[2];
        std::string damaged = read_all(place.segment(1));
        damaged[third + RecordHead::size] = '!';
        write_all(place.segment(1), damaged);
        {
            RoomLog log = place.open();
            CHECK(log.last_segment() == 2);
            CHECK(log.next_line() == 6); // no number is given twice
            say(log, 2);
            CHECK(all_lines(log) == "1 2 6 7");
            CHECK(read_all(place.segment(1)) == damaged);
        }
        RoomLog log = place.open(); // it is no worse the second time
        CHECK(log.last_segment() == 2);
        CHECK(read_all(place.segment(1)) == damaged);
        say(log, 1);
        CHECK(all_lines(log) == "1 2 6 7 8");
    }

    TEST_CASE("a new segment is found whether or not the old one says that there is more") {
        for (const std::size_t there : {std::size_t{0}, std::size_t{1}, std::size_t{20}, std::size_t{1000}}) {
            CAPTURE(there); // bytes of the new segment's mark
            RoomPlace place;
            make_log(place, 2);
            write_all(place.segment(2), mark(Kind::segment_start, 3).substr(0, there));
            {
                RoomLog log = place.open();
                say(log, 2);
                CHECK(all_lines(log) == "1 2 3 4");
                CHECK(log.last_segment() == 2);
                CHECK(read_all(place.segment(1)).ends_with("room"));
            }
            const RoomLog log = place.open();
            CHECK(all_lines(log) == "1 2 3 4");
        }
    }

    TEST_CASE("half of the mark that there is more is cut off and made again") {
        RoomPlace place;
        make_log(place, 2);
        const std::string whole = read_all(place.segment(1)), end = mark(Kind::segment_end, 3);
        for (std::size_t there = 1; there < end.size(); ++there) {
            write_all(place.segment(1), whole + end.substr(0, there));
            write_all(place.segment(2), mark(Kind::segment_start, 3));
            RoomLog log = place.open();
            say(log, 1);
            CHECK(all_lines(log) == "1 2 3");
        }
    }

    TEST_CASE("a first segment that a crash left empty is used") {
        RoomPlace place;
        std::filesystem::create_directory(place.folder());
        write_all(place.segment(1), "");
        RoomLog log = place.open();
        say(log, 1);
        CHECK(all_lines(log) == "1");
        CHECK(log.last_segment() == 1);
    }

    TEST_CASE("other files in a room's folder are let alone") {
        RoomPlace place;
        make_log(place, 1);
        for (const char* const name :
             {"/note", "/2.log", "/00000002.log.gz", "/00000000.log", "/-0000001.log"})
            write_all(place.folder() + name, "mine");
        RoomLog log = place.open();
        say(log, 1);
        CHECK(all_lines(log) == "1 2");
        CHECK(log.last_segment() == 1);
        CHECK(read_all(place.folder() + "/00000002.log.gz") == "mine");
    }

    TEST_CASE("a segment that somebody removed is skipped by readers and by the next start") {
        RoomPlace place;
        RoomLog log = place.open({.segment_bytes = 1}); // each line in one of its own
        say(log, 4);
        std::filesystem::remove(place.segment(2));
        CHECK(all_lines(log) == "1 3 4");
        say(log, 1);
        const RoomLog again = place.open();
        CHECK(all_lines(again) == "1 3 4 5");
        CHECK(again.next_line() == 6);
    }

    TEST_CASE("the age of old segments is that of their lines and not of the daemon") {
        RoomPlace place;
        make_log(place, 1);
        const std::string line = pack_record({Kind::said, 1, 0, 7, "ada", "in 1970"});
        write_all(place.segment(1), mark(Kind::segment_start, 1) + line + mark(Kind::segment_end, 2));
        write_all(place.segment(2), mark(Kind::segment_start, 2));
        RoomLog log = place.open({.keep_age = std::chrono::hours{1}});
        say(log, 1);
        log.start_new_segment();
        CHECK_FALSE(std::filesystem::exists(place.segment(1)));
        CHECK(std::filesystem::exists(place.segment(2)));
    }

    TEST_CASE("segments whose last line is older than keep-age go when a new one begins") {
        RoomPlace place;
        constexpr std::int64_t day = 86400LL * 1'000'000;
        const std::int64_t now = std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count();
        {
            RoomLog log = place.open(); // makes the folder
        }
        const auto old_segment = [&](unsigned number, std::uint64_t line, std::int64_t age) {
            write_all(place.segment(number),
                      pack_record({Kind::segment_start, line, now - age, 0, "room", "tea"}) +
                          pack_record({Kind::said, line, now - age, 7, "ada", "old"}) +
                          pack_record({Kind::segment_end, line + 1, now - age, 0, "room", ""}));
        };
        old_segment(1, 1, 9 * day);
        old_segment(2, 2, 6 * day);
        write_all(place.segment(3), pack_record({Kind::segment_start, 3, now, 0, "room", "tea"}));
        LogPolicy policy;
        policy.keep_age = std::chrono::hours{24 * 7};
        RoomLog log = place.open(policy);
        say(log, 1);
        CHECK(log.start_new_segment());
        CHECK(log.oldest_line() == 2);
        CHECK_FALSE(std::filesystem::exists(place.segment(1)));
        CHECK(Follower{log}.lines() == "2 3");
        log.set_retention(policy.keep_bytes, std::chrono::hours{24 * 5}); // as a reload does
        CHECK(log.oldest_line() == 3);
        CHECK_FALSE(std::filesystem::exists(place.segment(2)));
        log.set_retention(policy.keep_bytes, std::chrono::seconds{0}); // for ever
        CHECK(log.oldest_line() == 3);
        log.set_retention(1, std::chrono::seconds{0}); // that of the last batch stays until there is another
        CHECK(log.oldest_line() == 3);
        say(log, 1);
        CHECK(log.oldest_line() == 4); // and the one that is written to always
        CHECK(log.topic() == "tea");
    }

    TEST_CASE(
        "a topic is known after a restart and when its segment is gone and not if its line was refused") {
        RoomPlace place;
        LogPolicy policy;
        policy.segment_bytes = 200;
        policy.keep_bytes = 1;
        {
            RoomLog log = place.open(policy);
            CHECK(log.topic().empty());
            log.add(Kind::topic, 7, "ada", "tea");
            CHECK(log.flush());
            CHECK(log.topic() == "tea");
            say(log, 20);
            CHECK(log.oldest_line() > 1);
        }
        RoomLog log = place.open(policy);
        CHECK(log.topic() == "tea");
        log.add(Kind::topic, 7, "ada", "");
        CHECK(log.flush());
        CHECK(log.topic().empty());
    }
}
