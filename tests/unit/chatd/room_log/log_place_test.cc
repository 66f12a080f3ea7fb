// SPDX-License-Identifier: ISC
// A hub that follows another goes on with its logs: from the place that was left, whatever came since and
// wherever the other one died.
#include "chatd/room_log/log_place.hh"

#include "common/socket.hh"
#include "tests/unit/chatd/room_log/room_log_place.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>

using namespace chatd;
using common::text;

namespace {

std::string mark(Kind kind, std::uint64_t line) { return pack_record({kind, line, 0, 0, "room", ""}); }

void append_to(const std::string& path, std::string_view bytes) {
    std::ofstream{path, std::ios::app | std::ios::binary}.write(bytes.data(),
                                                                static_cast<std::streamsize>(bytes.size()));
}

// As it is after the keeper.
LogPlace kept(const RoomLog& log) { return unpack_log_place(pack_log_place(log.place())); }

std::vector<RoomLog::KeptFile> kept_files(const RoomLog& log) {
    std::vector<RoomLog::KeptFile> files;
    for (const auto& [segment, is_writable, fd] : log.unnamed_files())
        files.push_back({segment, is_writable, common::duplicate(fd, "a segment")});
    return files;
}

// The lines that were read, without marks.
struct Read {
    RoomLog::OnRecord note() {
        return [this](const Record& record) {
            if (record.kind != Kind::segment_start && record.kind != Kind::segment_end)
                lines.push_back(record.line);
        };
    }
    // From any line on all up to the last one before end.
    bool has_all_from(std::uint64_t line, std::uint64_t end) const {
        for (; line < end; ++line)
            if (std::count(lines.begin(), lines.end(), line) != 1) return false;
        return true;
    }
    std::vector<std::uint64_t> lines;
};

// What there is to know of a log.
std::string facts(const RoomLog& log) {
    std::string all =
        text(log.oldest_line(), '-', log.next_line(), " in ", log.last_segment(), ": ", log.topic(), '\n');
    for (const std::size_t lines : {0, 1, 3}) {
        const Position at = log.position_of_last(lines, log.next_line());
        all += text(at.segment, '/', at.offset, ' ');
    }
    return all + Follower{log}.lines();
}

LogPlace some_place(std::size_t segments) {
    LogPlace place;
    for (std::uint32_t number = 1; number <= segments; ++number)
        place.segments.push_back({number, 10ULL * number, 100ULL * number,
                                  std::chrono::system_clock::time_point{std::chrono::seconds{number}}});
    place.from = {static_cast<std::uint32_t>(segments), 77};
    place.next_line = 4711;
    place.topic.words = "tea";
    return place;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a log's place is read as it was written and of very many segments the newest are told") {
        const LogPlace few = unpack_log_place(pack_log_place(some_place(3)));
        CHECK(few.segments.size() == 3);
        CHECK(few.segments[1].number == 2);
        CHECK(few.segments[1].first_line == 20);
        CHECK(few.segments[1].size == 200);
        CHECK(few.segments[1].last_write == some_place(3).segments[1].last_write);
        CHECK_FALSE(few.has_older);
        CHECK(few.from.segment == 3);
        CHECK(few.from.offset == 77);
        CHECK(few.next_line == 4711);
        CHECK(few.topic.words == "tea");

        LogPlace place = some_place(2000);
        place.topic.words = std::string(max_text, 't');
        place.from = {1000, 5}; // where nothing is told of any more
        const std::string packed = pack_log_place(place);
        CHECK(packed.size() <= max_packed_place);
        const LogPlace many = unpack_log_place(packed);
        CHECK(many.has_older);
        CHECK(many.segments.size() == LogPlace::max_segments);
        CHECK(many.segments.back().number == 2000);
        CHECK(many.from.segment == many.segments.front().number);
        CHECK(many.from.offset == 0);
    }

    TEST_CASE("a log's place that is malformed is refused") {
        const std::string packed = pack_log_place(some_place(3));
        const auto is_refused = [](const std::string& bytes) {
            CHECK_THROWS_AS(unpack_log_place(bytes), common::PeerError);
        };
        for (std::size_t size = 0; size < packed.size(); ++size) is_refused(packed.substr(0, size));
        is_refused(packed + 'x');
        is_refused(packed + std::string(max_packed_place, 'x'));
        for (const char byte : {'\0', '\1', '\xff'}) is_refused(std::string(max_packed_place, byte));
        LogPlace wrong = some_place(3);
        std::swap(wrong.segments[0], wrong.segments[1]);
        is_refused(pack_log_place(wrong));
        wrong = some_place(3);
        wrong.segments[1].number = 1;
        is_refused(pack_log_place(wrong));
        wrong = some_place(3);
        wrong.from.segment = 4;
        is_refused(pack_log_place(wrong));
        std::string time = packed; // of the last segment
        time.replace(time.size() - 8, 8, std::string(8, '\x7f'));
        CHECK(unpack_log_place(time).segments.back().last_write.time_since_epoch().count() > 0);
    }

    TEST_CASE("whoever goes on from a place knows of the log what a new start would") {
        for (const std::size_t segment_bytes : {150, 400, 100'000})
            for (const unsigned since : {0U, 1U, 2U, 7U, 40U}) {
                CAPTURE(segment_bytes);
                CAPTURE(since);
                RoomPlace place;
                const LogPolicy policy{.segment_bytes = segment_bytes, .keep_bytes = 2000, .remembered = 10};
                LogPlace left;
                std::uint64_t before = 0;
                {
                    RoomLog log = place.open(policy);
                    say(log, 12);
                    log.add(Kind::topic, 7, "ada", "tea");
                    say(log, 9);
                    before = log.end_line();
                    left = kept(log);
                    say(log, since);
                    if (since > 2) log.add(Kind::topic, 7, "ada", "wine");
                    log.flush();
                }
                Read read;
                RoomLog log = place.go_on(left, policy, {}, read.note());
                const RoomLog anew = place.open(policy);
                CHECK(facts(log) == facts(anew));
                // All since the batch before the place, as far as it is kept.
                CHECK(read.has_all_from(std::max(before - 1, log.oldest_line()), log.next_line()));
                CHECK(read.lines.size() <= since + 13);
                say(log, 3);
                CHECK(facts(log) == facts(place.open(policy)));
            }
    }

    TEST_CASE("a log's place lies before the last batch however large that is and wherever it was written") {
        for (const std::size_t keep_bytes : {1, 100'000'000}) {
            CAPTURE(keep_bytes);
            RoomPlace place;
            const LogPolicy policy{.segment_bytes = 5000, .keep_bytes = keep_bytes, .remembered = 10};
            LogPlace left;
            {
                RoomLog log = place.open(policy);
                say(log, 5);
                for (int line = 0; line < 200; ++line)
                    log.add(Kind::said, 7, "ada", "in one", static_cast<std::uint32_t>(line + 1));
                CHECK(log.flush());
                CHECK(log.last_segment() == 2); // it was full then
                left = kept(log);
            }
            Read read;
            RoomLog log = place.go_on(left, policy, {}, read.note());
            CHECK(read.has_all_from(6, 206));
            CHECK(log.next_line() == 206);
            if (keep_bytes > 1) continue;
            CHECK(log.oldest_line() == 1);
            say(log, 1);
            CHECK(log.oldest_line() == 206);
        }
    }

    TEST_CASE("a batch that is torn at any byte leaves its whole lines to who goes on") {
        RoomPlace place;
        LogPlace left;
        std::vector<std::size_t> ends;
        {
            RoomLog log = place.open();
            say(log, 3);
            left = kept(log);
            ends.push_back(read_all(place.segment(1)).size());
        }
        std::string whole = read_all(place.segment(1));
        for (std::uint32_t line = 4; line <= 6; ++line) {
            whole += pack_record({Kind::said, line, 0, 7, "ada", "in a batch", line});
            ends.push_back(whole.size());
        }
        for (std::size_t size = ends.front(); size <= whole.size(); ++size) {
            CAPTURE(size);
            write_all(place.segment(1), whole.substr(0, size));
            Read read;
            RoomLog log = place.go_on(left, {}, {}, read.note());
            const auto complete =
                static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), size) - ends.begin()) - 1;
            CHECK(log.next_line() == 4 + complete);
            CHECK(read.has_all_from(1, 4 + complete));
            CHECK(read_all(place.segment(1)).size() == ends[complete]);
            say(log, 1);
            CHECK(Follower{log}.read().size() == 4 + complete);
        }
    }

    TEST_CASE("a change of segments is mended at whatever step the last hub died") {
        const std::string end = mark(Kind::segment_end, 4), start = mark(Kind::segment_start, 4);
        for (std::size_t step = 0; step <= start.size() + end.size() + 2; ++step) {
            CAPTURE(step);
            RoomPlace place;
            LogPlace left;
            {
                RoomLog log = place.open();
                say(log, 3);
                left = kept(log);
            }
            // The new file, then its mark byte by byte, then the old one's, then a line.
            if (step > 0) write_all(place.segment(2), start.substr(0, step - 1));
            if (step > start.size() + 1) append_to(place.segment(1), end.substr(0, step - start.size() - 1));
            const bool has_line = step == start.size() + end.size() + 2;
            if (has_line) append_to(place.segment(2), pack_record({Kind::said, 4, 0, 7, "ada", "4"}));
            Read read;
            RoomLog log = place.go_on(left, {}, {}, read.note());
            CHECK(log.last_segment() == (step == 0 ? 1 : 2));
            CHECK(read.has_all_from(1, has_line ? 5 : 4));
            say(log, 2);
            CHECK(Follower{log}.lines() == (has_line ? "1 2 3 4 5 6" : "1 2 3 4 5"));
            CHECK(facts(log) == facts(place.open()));
        }
    }

    TEST_CASE("a segment that ends and has no successor is followed by a new one") {
        RoomPlace place;
        LogPlace left;
        {
            RoomLog log = place.open();
            say(log, 3);
            left = kept(log);
            CHECK(log.start_new_segment());
        }
        std::filesystem::remove(place.segment(2));
        RoomLog log = place.go_on(left);
        say(log, 1);
        CHECK(log.last_segment() == 2);
        CHECK(Follower{log}.lines() == "1 2 3 4");
    }

    TEST_CASE("what was removed or cut or damaged since the place costs only those lines and no number") {
        const LogPolicy policy{.segment_bytes = 300, .remembered = 5};
        RoomPlace place;
        LogPlace left;
        const auto make = [&] {
            std::filesystem::remove_all(place.folder());
            RoomLog log = place.open(policy);
            say(log, 20);
            left = kept(log);
            return log.last_segment();
        };
        const auto go_on = [&] {
            RoomLog log = place.go_on(left, policy);
            const std::uint64_t next = log.next_line();
            say(log, 2);
            CHECK(Follower{log}.lines().ends_with(text(next, ' ', next + 1)));
            return next;
        };
        make();
        std::filesystem::remove(place.segment(1)); // the oldest
        CHECK(go_on() == 21);
        const unsigned last = make();
        std::filesystem::remove(place.segment(left.from.segment));
        CHECK(go_on() == 21);
        make();
        for (unsigned number = 1; number <= last; ++number) std::filesystem::remove(place.segment(number));
        CHECK(go_on() == 21);
        make(); // shorter than the place says
        write_all(place.segment(last), read_all(place.segment(last)).substr(0, 50));
        left.from = {last, 100};
        CHECK(go_on() == 21);
        make(); // not a record where the place is
        std::string bytes = read_all(place.segment(left.from.segment));
        bytes[static_cast<std::size_t>(left.from.offset) + 40] ^= 1;
        write_all(place.segment(left.from.segment), bytes);
        CHECK(go_on() == 21);
    }

    TEST_CASE("older segments than a place tells of are found in the folder") {
        const LogPolicy policy{.segment_bytes = 80, .remembered = 5};
        RoomPlace place;
        LogPlace left;
        {
            RoomLog log = place.open(policy);
            say(log, LogPlace::max_segments + 20);
            left = kept(log);
            CHECK(left.has_older);
        }
        const RoomLog log = place.go_on(left, policy);
        CHECK(log.oldest_line() == 1);
        CHECK(facts(log) == facts(place.open(policy)));
    }

    TEST_CASE("a place is another one when a segment begins or goes and after many lines") {
        RoomPlace place;
        RoomLog log = place.open({.segment_bytes = 1'000'000, .keep_bytes = 1});
        std::uint64_t number = log.place_number();
        CHECK(number != 0);
        const auto has_changed = [&] { return std::exchange(number, log.place_number()) != number; };
        for (int times = 0; times < 2; ++times) {
            for (int line = 0; line < 999; ++line) log.add(Kind::said, 7, "ada", "x");
            log.flush();
            CHECK_FALSE(has_changed());
            say(log, 1);
            CHECK(has_changed());
        }
        CHECK(log.start_new_segment());
        CHECK(has_changed());
        say(log, 1); // now the one before goes
        CHECK(has_changed());
        CHECK(log.oldest_line() == 2001);
        say(log, 1);
        CHECK_FALSE(has_changed());
    }

    TEST_CASE("a log without files is gone on with from what was kept of it") {
        const LogPolicy policy{.segment_bytes = 400, .keep_files = false, .remembered = 5};
        RoomPlace place;
        for (const unsigned since : {0U, 1U, 3U}) {
            CAPTURE(since);
            LogPlace left;
            std::vector<RoomLog::KeptFile> files;
            std::string before;
            {
                RoomLog log = place.open(policy);
                log.add(Kind::topic, 7, "ada", "tea");
                say(log, 20);
                left = kept(log);
                files = kept_files(log);
                say(log, since);
                before = facts(log);
                if (kept_files(log).size() != files.size()) files = kept_files(log); // and the place is old
            }
            std::rotate(files.begin(), files.begin() + 1, files.end()); // in any order
            Read read;
            RoomLog log = place.go_on(left, policy, std::move(files), read.note());
            CHECK(facts(log) == before);
            CHECK(read.has_all_from(20, 21 + since));
            say(log, 5);
            CHECK(Follower{log}.lines().ends_with(text(log.next_line() - 1)));
            CHECK(std::filesystem::is_empty(place.folder()));
        }
    }

    TEST_CASE("a log without files whose last batch is torn at any byte keeps its whole lines") {
        const LogPolicy policy{.keep_files = false};
        RoomPlace place;
        const std::string record = pack_record({Kind::said, 4, 0, 7, "ada", "four", 9});
        for (std::size_t size = 0; size <= record.size(); ++size) {
            CAPTURE(size);
            LogPlace left;
            std::vector<RoomLog::KeptFile> files;
            {
                RoomLog log = place.open(policy);
                say(log, 3);
                left = kept(log);
                files = kept_files(log);
                common::write_some(log.unnamed_files().front().fd, std::string_view{record}.substr(0, size));
            }
            RoomLog log = place.go_on(left, policy, std::move(files));
            CHECK(log.last_segment() == 1);
            CHECK(log.next_line() == (size == record.size() ? 5 : 4));
            say(log, 1);
            CHECK(Follower{log}.lines() == (size == record.size() ? "1 2 3 4 5" : "1 2 3 4"));
        }
    }

    TEST_CASE("of a log without files what was not kept is gone and what comes goes into a new segment") {
        const LogPolicy policy{.keep_files = false};
        RoomPlace place;
        LogPlace left;
        std::vector<RoomLog::KeptFile> old_files, new_files;
        const auto make = [&] {
            RoomLog log = place.open(policy);
            say(log, 3);
            left = kept(log);
            old_files = kept_files(log);
            CHECK(log.start_new_segment());
            say(log, 1);
            new_files = kept_files(log);
        };
        const auto go_on = [&](std::vector<RoomLog::KeptFile> files) {
            RoomLog log = place.go_on(left, policy, std::move(files));
            say(log, 1);
            return text(Follower{log}.lines(), " in ", log.last_segment());
        };
        const auto only = [&](auto wanted) {
            std::erase_if(new_files, [&](const RoomLog::KeptFile& file) { return !wanted(file); });
            return std::move(new_files);
        };
        make(); // the new segment was not kept yet
        CHECK(go_on(std::move(old_files)) == "1 2 3 4 in 2");
        make(); // all of it was, and the place was not
        CHECK(go_on(std::move(new_files)) == "1 2 3 4 5 in 2");
        make(); // what is to be written to is of the new one, which cannot be read
        CHECK(go_on(only([](const auto& file) { return file.is_writable || file.segment == 1; })) ==
              "1 2 3 4 in 2");
        make(); // it can be read, and not be written to
        CHECK(go_on(only([](const auto& file) { return !file.is_writable; })).ends_with(" in 3"));
        make();
        CHECK(go_on({}) == "4 in 2");
        make();
        old_files.clear();
        old_files.push_back({1, false, common::Fd{}});
        CHECK(go_on(std::move(old_files)) == "4 in 2");
    }
}
