// SPDX-License-Identifier: ISC
#include "ftpd/parent/records.hh"

#include "tests/e2e/files.hh"

#include <algorithm>
#include <cstdlib>
#include <doctest/doctest.h>

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
        Xferlog log{(folder / "log").native()};
        log.write(upload, "a");
        std::filesystem::rename(folder / "log", folder / "log.1");
        log.write(upload, "b");
        log.reopen();
        log.write(upload, "c");
        CHECK(std::ranges::count(e2e::read_file(folder / "log.1"), '\n') == 2);
        CHECK(std::ranges::count(e2e::read_file(folder / "log"), '\n') == 1);
        CHECK_THROWS(Xferlog{(folder / "none" / "log").native()});
    }

    TEST_CASE("announcer: a share is told with its size and a URL that works") {
        CHECK(describe_share(upload, "192.0.2.7:21") ==
              "bob shared notes.txt (5.0 MB): ftp://192.0.2.7:21/pub/notes.txt");
        Transfer odd = upload;
        odd.path = "/a b/100% #1?.txt";
        CHECK(describe_share(odd, "[::1]:2121") ==
              "bob shared 100% #1?.txt (5.0 MB): ftp://[::1]:2121/a%20b/100%25%20%231%3F.txt");
        odd.path = "/x\ny";
        // Whoever follows a link is shut in that folder.
        CHECK(describe_share(upload, "192.0.2.7:21", "/").ends_with(": ftp://192.0.2.7:21" + upload.path));
        Transfer within = upload;
        within.path = "/in/box/notes";
        CHECK(describe_share(within, "h:21", "/in").ends_with(": ftp://h:21/box/notes"));
        CHECK(describe_share(within, "h:21", "/in/bo").ends_with(": /in/box/notes"));
        CHECK(describe_share(within, "h:21", "/out/of/all/of/this").ends_with(": /in/box/notes"));
        CHECK(describe_share(odd, "") == "bob shared x\\ny (5.0 MB): /x\\ny");
        odd.user = "-";
        CHECK(describe_share(odd, "").starts_with("anonymous shared x"));
    }

    TEST_CASE("announcer: beneath a folder is what is in it and not what only begins like it") {
        CHECK(is_beneath("/pub/a", "/pub"));
        CHECK(is_beneath("/pub/a/b", "/pub"));
        CHECK(is_beneath("/x", "/"));
        for (const char* const path : {"/pub", "/public/a", "/a/pub/b", "/"})
            CHECK_FALSE(is_beneath(path, "/pub"));
    }
}
