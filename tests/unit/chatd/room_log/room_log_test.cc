// SPDX-License-Identifier: ISC
// A room's log as its only writer uses it: batches, segments, what is kept, a full disk.
#include "tests/unit/chatd/room_log/room_log_place.hh"
#include "tests/unit/common/in_child.hh"

#include <array>
#include <cstddef>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

using namespace chatd;
using common::text;

namespace {

std::string all_lines(const RoomLog& log, Position from = {1, 0}) { return Follower{log, from}.lines(); }

void limit_file_size(rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    common::checked("setrlimit", {}, [&] { return ::setrlimit(RLIMIT_FSIZE, &limit); });
}

// In a child whose files cannot grow beyond a limit that body sets: a full disk.
std::string with_small_disk(const std::function<std::string()>& body) {
    return in_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        return body();
    });
}

// From now on this process cannot shorten a file.
void refuse_to_truncate() {
    std::array<sock_filter, 4> program{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ftruncate, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    sock_fprog filter{program.size(), program.data()};
    common::checked("prctl", {}, [] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); });
    common::checked("prctl", {}, [&] { return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter); });
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a line has the serial that it was added with or none") {
        RoomPlace place;
        RoomLog log = place.open();
        log.add(Kind::said, 7, "ada", "one", 5);
        log.add(Kind::said, 7, "ada", "two", 6);
        log.add(Kind::announced, 0, "", "three");
        log.add(Kind::topic, 7, "ada", "tea", 7);
        CHECK(log.flush());
        std::string serials;
        for (const Record& record : Follower{log}.read())
            serials += text(record.line, ':', record.serial, ' ');
        CHECK(serials == "1:5 2:6 3:0 4:7 ");
        CHECK(log.topic() == "tea");
        CHECK(place.open().topic() == "tea");
    }

    TEST_CASE("when a log began is told after a restart and when its first segments are gone") {
        RoomPlace place;
        const LogPolicy policy{.segment_bytes = 1, .keep_bytes = 200}; // each line in one of its own
        std::int64_t birth = 0;
        {
            RoomLog log = place.open(policy);
            birth = log.birth();
            for (int line = 0; line < 20; ++line) {
                log.add(Kind::said, 7, "ada", "hello");
                CHECK(log.flush());
            }
            CHECK(log.oldest_line() > 1);
            CHECK(log.birth() == birth);
        }
        CHECK(birth > 1'600'000'000'000'000); // microseconds
        const RoomLog log = place.open(policy);
        CHECK(log.birth() == birth);
    }

    TEST_CASE("a log of before births began with its oldest segment and keeps that from then on") {
        RoomPlace place;
        const std::string old =
            pack_record({Kind::segment_start, 1, 1'700'000'000'000'000, 0, "lobby", "", 0}) +
            pack_record({Kind::said, 1, 1'700'000'000'000'001, 7, "ada", "hello", 0});
        std::filesystem::create_directory(place.folder());
        write_all(place.segment(1), old);
        RoomLog log = place.open();
        CHECK(log.birth() == 1'700'000'000'000'000);
        CHECK(log.start_new_segment());
        Record start;
        LogReader reader{log.open_segment(2).fd, 0};
        CHECK(reader.next(start) == LogReader::Result::record);
        CHECK(start.speaker == 1'700'000'000'000'000);
    }

    TEST_CASE(
        "who set a topic and when is known as long as its record is read and while it was not taken back") {
        RoomPlace place;
        {
            RoomLog log = place.open();
            CHECK(log.topic_setting().time == 0);
            log.add(Kind::topic, 7, "ada", "tea");
            log.flush();
            log.add(Kind::said, 8, "bob", "tea?");
            log.flush();
            CHECK(log.topic_setting().by == "ada");
        }
        RoomLog log = place.open();
        CHECK(log.topic_setting().by == "ada");
        const std::int64_t time = log.topic_setting().time;
        CHECK(time > 1'600'000'000'000'000);
        log.start_new_segment();
        CHECK(log.topic_setting().by == "ada");
        log.add(Kind::topic, 0, "", "");
        log.flush();
        CHECK(log.topic_setting().by == "");
        CHECK(log.topic_setting().time >= time);
    }

    TEST_CASE("what was added is in the log after flush and not before") {
        RoomPlace place;
        RoomLog log = place.open();
        Follower follower{log};
        CHECK(log.add(Kind::joined, 7, "ada", "") == 1);
        CHECK(log.add(Kind::said, 7, "ada", "hello") == 2);
        CHECK(log.has_batch());
        CHECK(follower.read().empty());
        CHECK(log.flush());
        CHECK_FALSE(log.has_batch());
        const std::vector<Record> found = follower.read();
        REQUIRE(found.size() == 2);
        CHECK(found[0].kind == Kind::joined);
        CHECK(found[1].line == 2);
        CHECK(found[1].speaker == 7);
        CHECK(found[1].name == "ada");
        CHECK(found[1].text == "hello");
        CHECK(found[1].time >= found[0].time);
        CHECK(log.flush()); // nothing to do
        CHECK(follower.read().empty());
    }

    TEST_CASE("a segment that is full is followed by another and readers go over to it") {
        RoomPlace place;
        RoomLog log = place.open({.segment_bytes = 300});
        Follower follower{log};
        std::string seen;
        for (int line = 0; line < 40; ++line) {
            say(log, 1);
            seen += follower.lines() + ' ';
        }
        CHECK(seen == all_lines(log) + ' ');
        CHECK(log.last_segment() > 5);
        for (unsigned number = 1; number < log.last_segment(); ++number) {
            const std::size_t size = read_all(place.segment(number)).size();
            CHECK(size >= 300);
            CHECK(size < 300 + 2 * 60);
        }
    }

    TEST_CASE("a batch is never torn over two segments") {
        RoomPlace place;
        RoomLog log = place.open({.segment_bytes = 1});
        for (int line = 0; line < 100; ++line) log.add(Kind::said, 7, "ada", "together");
        CHECK(log.flush());
        CHECK(log.last_segment() == 2);
        say(log, 1);
        CHECK(log.last_segment() == 3);
        CHECK(Follower{log}.read().size() == 101);
    }

    TEST_CASE("old segments go when all together are larger than is to be kept") {
        RoomPlace place;
        RoomLog log = place.open({.segment_bytes = 300, .keep_bytes = 1000});
        Follower slow{log};
        say(log, 100);
        std::uintmax_t total = 0;
        for (const auto& entry : std::filesystem::directory_iterator(place.folder()))
            total += entry.file_size();
        CHECK(total < 1000 + 300 + 2 * 60);
        CHECK(log.oldest_line() > 70);
        CHECK_FALSE(std::filesystem::exists(place.segment(1)));
        // A reader of a segment that is gone has it open still, and goes on with the oldest that is there.
        const std::vector<Record> found = slow.read();
        CHECK(found.front().line == 1);
        CHECK(found.back().line == 100);
        CHECK(found.size() < 40);
        const std::string kept = all_lines(log);
        CHECK(kept.starts_with(text(log.oldest_line(), ' ')));
        CHECK(kept.ends_with(" 100"));
    }

    TEST_CASE("a room without history leaves no file and is read all the same") {
        RoomPlace place;
        {
            RoomLog log = place.open({.segment_bytes = 300, .keep_files = false});
            Follower follower{log};
            say(log, 20);
            CHECK(log.last_segment() > 3);
            CHECK(std::filesystem::is_empty(place.folder()));
            CHECK(follower.read().size() == 20);
            CHECK(Follower{log}.read().size() == 20);
            const RoomLog::Opened opened = log.open_segment(2);
            CHECK(::fcntl(opened.fd.get(), F_GETFL) % 4 == O_RDONLY);
            struct stat found {};
            ::fstat(opened.fd.get(), &found);
            CHECK(found.st_nlink == 0);
            CHECK((found.st_mode & 0777) == 0600);
        }
        const RoomLog log = place.open({.keep_files = false});
        CHECK(log.next_line() == 1);
        CHECK(Follower{log}.read().empty());
    }

    TEST_CASE("a segment is opened for reading only and is nobody else's to read") {
        RoomPlace place;
        const RoomLog log = place.open();
        CHECK(::fcntl(log.open_segment(1).fd.get(), F_GETFL) % 4 == O_RDONLY);
        struct stat found {};
        ::stat(place.segment(1).c_str(), &found);
        CHECK((found.st_mode & 0777) == 0600);
        CHECK_THROWS_AS(log.open_segment(2), common::PeerError);
    }

    TEST_CASE("a new segment before its time holds what comes from now on") {
        RoomPlace place;
        RoomLog log = place.open();
        say(log, 2);
        CHECK(log.start_new_segment());
        say(log, 2);
        CHECK(all_lines(log) == "1 2 3 4");
        CHECK(all_lines(log, {2, 0}) == "3 4");
    }

    TEST_CASE("the place of the last lines of speech is right for every count over several segments") {
        RoomPlace place;
        LogPolicy policy{.segment_bytes = 400, .remembered = 30};
        RoomLog log = place.open(policy);
        std::vector<std::uint64_t> speech;
        const auto check = [&](const RoomLog& room) {
            const std::uint64_t before = room.next_line() - 1; // the newcomer's own joining
            for (std::size_t count = 0; count <= speech.size() + 2; ++count) {
                CAPTURE(count);
                const std::size_t wanted = std::min(count, speech.size());
                const std::uint64_t first = wanted == 0 ? before : speech[speech.size() - wanted];
                Follower follower{room, room.position_of_last(count, before)};
                CHECK(follower.read().front().line == first);
            }
        };
        for (int line = 0; line < 24; ++line) {
            const bool is_speech = line % 3 != 2;
            const std::uint64_t number = log.add(is_speech ? Kind::said : Kind::left, 7, "ada", "x");
            if (is_speech) speech.push_back(number);
            if (line % 2 == 1) log.flush(); // lines go in pairs, too
        }
        log.add(Kind::joined, 8, "bob", "");
        log.flush();
        CHECK(log.last_segment() > 2);
        check(log);
        check(place.open(policy)); // after a start they are known again
    }

    TEST_CASE("only so many places are remembered and more lines than that are not promised") {
        RoomPlace place;
        RoomLog log = place.open({.remembered = 10});
        say(log, 100);
        log.add(Kind::joined, 8, "bob", "");
        log.flush();
        const std::vector<Record> found = Follower{log, log.position_of_last(50, 101)}.read();
        CHECK(found.back().line == 101);
        CHECK(found.size() >= 10);
        CHECK(found.size() <= 12);
    }

    TEST_CASE("every line that is kept is found again whether or not its place is remembered") {
        RoomPlace place;
        RoomLog log = place.open({.segment_bytes = 300, .keep_bytes = 2000, .remembered = 10});
        say(log, 100);
        for (std::uint64_t line = log.oldest_line(); line <= 100; ++line) {
            CAPTURE(line);
            std::uint64_t first = 0;
            for (const Record& record : Follower{log, log.position_of_line(line)}.read())
                if (first == 0 && record.line >= line) first = record.line;
            CHECK(first == line);
        }
        CHECK(Follower{log, log.position_of_line(1)}.read().front().line == log.oldest_line());
        CHECK(Follower{log, log.position_of_line(101)}.read().size() < 10);
    }

    TEST_CASE("of a batch that the disk does not take whole only the torn record is cut off again") {
        constexpr std::size_t size = RecordHead::size + 6; // of the first two
        CHECK(with_small_disk([&]() -> std::string {
                  for (std::size_t room = 0; room < 3 * size; ++room) {
                      RoomPlace place;
                      RoomLog log = place.open();
                      say(log, 3);
                      Follower reader{log};
                      reader.read();
                      const std::size_t before = read_all(place.segment(1)).size();
                      limit_file_size(before + room);
                      if (log.add(Kind::said, 7, "ada", "one") != 4) return "the line is not 4";
                      log.add(Kind::topic, 7, "ada", "two");
                      log.add(Kind::topic, 7, "ada", std::string(100, '3'));
                      if (log.flush()) return "flush says that it is written";
                      if (log.has_batch()) return "the batch is still there";
                      const std::size_t whole = room / size < 2 ? room / size : 2;
                      const std::string at = text(" with room for ", room);
                      if (read_all(place.segment(1)).size() != before + whole * size)
                          return "not the torn record alone was cut off" + at;
                      if (log.next_line() != 4 + whole) return "wrong numbers are used up" + at;
                      if (log.topic() != (whole == 2 ? "two" : "")) return log.topic() + at;
                      if (reader.read().size() != whole) return "a reader saw something else" + at;
                      limit_file_size(RLIM_INFINITY);
                      say(log, 2);
                      if (reader.lines() != text(4 + whole, ' ', 5 + whole)) return "it does not go on" + at;
                      if (Follower{log, log.position_of_line(4)}.read().size() != whole + 2)
                          return "a place is wrong" + at;
                      if (all_lines(place.open()) != all_lines(log))
                          return "a restart reads other lines" + at;
                  }
                  return "";
              }) == "");
    }

    TEST_CASE("half a record that cannot be cut off is left behind in its segment and readers pass over it") {
        RoomPlace place;
        RoomLog log = place.open();
        say(log, 3);
        Follower reader{log};
        reader.read();
        CHECK(with_small_disk([&]() -> std::string {
                  refuse_to_truncate();
                  limit_file_size(read_all(place.segment(1)).size() + 60); // for one line and a part of one
                  log.add(Kind::said, 7, "ada", "four");
                  log.add(Kind::topic, 7, "ada", "five");
                  if (log.flush()) return "flush says that it is written";
                  if (reader.lines() != "4") return "a whole record is gone";
                  limit_file_size(10); // not for a new segment, either
                  log.add(Kind::said, 7, "ada", "five");
                  if (log.flush() || log.next_line() != 5)
                      return "something was written behind half a record";
                  limit_file_size(RLIM_INFINITY);
                  log.add(Kind::topic, 7, "ada", "wine");
                  if (!log.flush() || log.last_segment() != 2) return "no new segment";
                  say(log, 1);
                  if (log.topic() != "wine") return "the topic is lost";
                  if (const std::string lines = reader.lines(); lines != "5 6")
                      return "the reader read " + lines;
                  if (const std::string lines = all_lines(place.open()); lines != "1 2 3 4 5 6")
                      return "after a restart: " + lines;
                  return "";
              }) == "");
    }

    TEST_CASE("a segment stays in use while the disk has no room for its successor or for its own end") {
        RoomPlace place;
        RoomLog log = place.open();
        say(log, 5);
        const rlim_t size = read_all(place.segment(1)).size();
        CHECK(with_small_disk([&]() -> std::string {
                  for (const rlim_t limit : {rlim_t{10}, size + 10}) {
                      limit_file_size(limit);
                      if (log.start_new_segment()) return "a new segment on a full disk";
                      if (std::filesystem::exists(place.segment(2))) return "an unused segment stayed";
                  }
                  limit_file_size(RLIM_INFINITY);
                  say(log, 1);
                  if (!log.start_new_segment()) return "no new segment with room on the disk";
                  say(log, 1);
                  return all_lines(log) == "1 2 3 4 5 6 7" ? "" : all_lines(log);
              }) == "");
    }
}
