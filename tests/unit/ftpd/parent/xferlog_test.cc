// SPDX-License-Identifier: ISC
#include "ftpd/parent/xferlog.hh"

#include "common/text.hh"
#include "tests/e2e/files.hh"
#include "tests/unit/common/in_child.hh"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace ftpd;

namespace {

const Transfer upload{.direction = Direction::upload,
                      .as_text = false,
                      .complete = true,
                      .bytes = 1'234'567,
                      .size = 5'000'000,
                      .milliseconds = 2900,
                      .user = "bob",
                      .path = "/pub/notes.txt"};

// A transfer log whose parent dies, and what it leaves of its memory.
struct Log {
    e2e::TempDir folder;
    std::string path = (folder / "log").native();
    XferlogJournal journal;

    // A parent's; the one before has died.
    Xferlog open() { return Xferlog{Xferlog::open(path), journal}; }
    std::string all() const { return e2e::read_file(path); }
    void cut_to(std::size_t size) const { std::filesystem::resize_file(path, size); }
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("xferlog: a line is what its readers expect") {
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
        constexpr std::time_t when = 1'795'249'570;
        CHECK(format_xferlog(upload, "192.0.2.7", when) ==
              "Sat Nov 21 08:26:10 2026 2 192.0.2.7 1234567 /pub/notes.txt b _ i r bob ftp 0 * c\n");
        const Transfer cut{.as_text = true, .bytes = 0, .user = "anonymous", .path = "/x"};
        CHECK(format_xferlog(cut, "::1", 0) ==
              "Thu Jan  1 00:00:00 1970 1 ::1 0 /x a _ o a anonymous ftp 0 * i\n");
    }

    TEST_CASE("xferlog: no name forges a field or a line") {
        Transfer hostile = upload;
        hostile.path = "/a b\nSat Nov 21 c\t\x1b[2J\xe5\xbc\xa0";
        hostile.user = "e vil\n";
        const std::string line = format_xferlog(hostile, "192.0.2.7", 0);
        CHECK(std::ranges::count(line, '\n') == 1);
        CHECK(std::ranges::count(line, ' ') == 18); // the date has two in a row for one digit
        CHECK(line.find(" /a_b_Sat_Nov_21_c__[2J___ b _ i r e_vil_ ftp 0 * c\n") != line.npos);
    }

    TEST_CASE("xferlog: a log that was moved away goes on under its name once it is reopened") {
        const e2e::TempDir folder;
        XferlogJournal journal;
        std::optional<Xferlog> log{std::in_place, Xferlog::open((folder / "log").native()), journal};
        log->write({1, 1}, upload, "a");
        std::filesystem::rename(folder / "log", folder / "log.1");
        log->write({1, 2}, upload, "b");
        log.emplace(Xferlog::open((folder / "log").native()), journal);
        log->write({1, 3}, upload, "c");
        CHECK(std::ranges::count(e2e::read_file(folder / "log.1"), '\n') == 2);
        CHECK(std::ranges::count(e2e::read_file(folder / "log"), '\n') == 1);
        CHECK_THROWS(Xferlog::open((folder / "none" / "log").native()));
    }

    TEST_CASE("xferlog: a line that the disk takes a part of does not spoil the next") {
        const e2e::TempDir folder;
        const std::string path = (folder / "log").native();
        const std::string outcome = in_child([&]() -> std::string {
            ::signal(SIGXFSZ, SIG_IGN);
            XferlogJournal journal;
            Xferlog log{Xferlog::open(path), journal};
            rlimit limit{};
            ::getrlimit(RLIMIT_FSIZE, &limit);
            const rlimit little{10, limit.rlim_max};
            ::setrlimit(RLIMIT_FSIZE, &little);
            log.write({1, 1}, upload, "192.0.2.7");
            try {
                log.write({1, 1}, upload, "192.0.2.7");
                return "nothing was thrown";
            } catch (const std::system_error&) {
            }
            ::setrlimit(RLIMIT_FSIZE, &limit);
            log.write({1, 1}, upload, "192.0.2.7");
            log.write({1, 1}, upload, "192.0.2.7");
            return {};
        });
        CHECK(outcome == "");
        const std::string all = e2e::read_file(path);
        const std::vector<std::string_view> lines = common::split(all, '\n');
        REQUIRE(lines.size() == 4);
        CHECK(lines[0].size() == 10);
        for (const std::size_t whole : {1U, 2U}) CHECK(lines[whole].ends_with(" c"));
        CHECK(lines[3].empty());
    }

    TEST_CASE("xferlog: a fifo that nobody reads is no log and nothing waits for it") {
        const e2e::TempDir folder;
        const std::string path = (folder / "log").native();
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        int error = 0;
        ::alarm(60); // a wait would be for ever
        try {
            Xferlog::open(path);
        } catch (const std::system_error& failure) {
            error = failure.code().value();
        }
        ::alarm(0);
        CHECK(error == ENXIO);
    }

    TEST_CASE("xferlog: a line that a parent had written when it died stands there for the next") {
        Log log;
        {
            Xferlog first = log.open();
            first.write({7, 1}, upload, "a");
            first.settle();
            first.write({8, 5}, upload, "b");
        }
        const std::string before = log.all();
        Xferlog next = log.open();
        CHECK(next.has({8, 5}));
        for (const TransferId other : {TransferId{8, 4}, {8, 6}, {7, 5}, {7, 1}})
            CHECK_FALSE(next.has(other));
        CHECK(log.all() == before);
        next.settle();
        CHECK_FALSE(next.has({8, 5}));
        CHECK_FALSE(log.open().has({8, 5}));
    }

    TEST_CASE("xferlog: a parent that dies again leaves what the one before had left") {
        Log log;
        log.open().write({8, 5}, upload, "b");
        for (int deaths = 0; deaths < 3; ++deaths) CHECK(log.open().has({8, 5}));
    }

    TEST_CASE("xferlog: of a line of which only a part was written nothing stays") {
        Log log;
        Xferlog first = log.open();
        first.write({7, 1}, upload, "a");
        first.settle();
        const std::string whole = log.all();
        for (const std::size_t part : {std::size_t{0}, std::size_t{1}, whole.size() - 1}) {
            CAPTURE(part);
            log.open().write({8, 5}, upload, "b");
            log.cut_to(whole.size() + part);
            Xferlog next = log.open();
            CHECK_FALSE(next.has({8, 5}));
            CHECK(log.all() == whole);
            next.write({8, 5}, upload, "b");
            next.settle();
            CHECK(std::ranges::count(log.all(), '\n') == 2);
            log.cut_to(whole.size());
        }
    }

    TEST_CASE("xferlog: a parent that dies between two words of its journal spoils nothing") {
        Log log;
        Xferlog first = log.open();
        first.write({7, 1}, upload, "a");
        first.settle();
        const std::string before = log.all();
        for (XferlogJournal left : {XferlogJournal{.number = 2}, XferlogJournal{.number = 2, .size = 3},
                                    XferlogJournal{.number = 2, .size = 3, .length = 999}}) {
            left.device = log.journal.device;
            left.file = log.journal.file;
            log.journal = left;
            CHECK_FALSE(log.open().has({0, 2}));
            CHECK(log.all() == before);
        }
    }

    TEST_CASE("xferlog: a journal that cannot be true cuts nothing off") {
        Log log;
        e2e::write_file(log.path, std::string(20'000, 'x'));
        log.open();
        const XferlogJournal sound = log.journal;
        for (const XferlogJournal odd : {XferlogJournal{.session = 1, .size = 0, .length = 30'000},
                                         XferlogJournal{.session = 1, .size = 30'000, .length = 100},
                                         XferlogJournal{.session = 1, .size = 0, .length = 100},
                                         XferlogJournal{.session = 1, .size = 0, .length = UINT64_MAX}}) {
            log.journal = odd;
            log.journal.device = sound.device;
            log.journal.file = sound.file;
            CHECK_FALSE(log.open().has({1, 0}));
            CHECK(log.all().size() == 20'000);
        }
    }

    TEST_CASE("xferlog: a line in a log that was moved away since says nothing of the new one") {
        Log log;
        log.open().write({8, 5}, upload, "b");
        std::filesystem::rename(log.path, log.path + ".1");
        CHECK_FALSE(log.open().has({8, 5}));
        CHECK(log.all().empty());
        CHECK(log.journal.session == 0);
    }

    TEST_CASE("xferlog: a torn line is known to the next parent") {
        Log log;
        CHECK(in_child([&]() -> std::string {
                  ::signal(SIGXFSZ, SIG_IGN);
                  rlimit limit{};
                  ::getrlimit(RLIMIT_FSIZE, &limit);
                  const rlimit little{10, limit.rlim_max};
                  ::setrlimit(RLIMIT_FSIZE, &little);
                  {
                      Xferlog first = log.open();
                      first.write({7, 1}, upload, "a");
                      first.settle();
                  }
                  ::setrlimit(RLIMIT_FSIZE, &limit);
                  log.open().write({7, 2}, upload, "a");
                  return {};
              }) == "");
        CHECK(std::ranges::count(log.all(), '\n') == 2);
    }
}
