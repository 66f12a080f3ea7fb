// SPDX-License-Identifier: ISC
#include "ftpd/fcp/console.hh"

#include <doctest/doctest.h>

using ftpd::format_progress;
using std::chrono::seconds;

TEST_SUITE("unit") {
    TEST_CASE("the progress line has percent and bytes and rate and name") {
        CHECK(format_progress({50'000'000, 200'000'000, seconds{2}}, "pub/x", 80) ==
              " 25%    50.0 MB    25.0 MB/s      0:06  pub/x");
        CHECK(format_progress({1500, {}, seconds{1}}, "x", 80) == "     1.5 kB     1.5 kB/s  x");
        CHECK(format_progress({0, 0, seconds{0}}, "x", 80) == "100%        0 B        0 B/s      0:00  x");
    }

    TEST_CASE("the progress line has the time that is left and in the end the time it took") {
        const auto time = [](std::uint64_t done, std::uint64_t total, seconds spent) {
            const std::string line = format_progress({done, total, spent}, "x", 80);
            return line.substr(line.find("/s") + 2, 10);
        };
        CHECK(time(1, 100, seconds{1}) == "      1:39");
        CHECK(time(1, 10'000, seconds{1}) == "   2:46:39");
        CHECK(time(0, 100, seconds{7}) == "     --:--");
        CHECK(time(100, 100, seconds{61}) == "      1:01");
        CHECK(time(1, UINT64_MAX, seconds{1000}) == "  99:59:59");
    }

    TEST_CASE("the progress line is 100 percent only when all is there") {
        CHECK(format_progress({999'999'999, 1'000'000'000, seconds{1}}, "x", 80).starts_with(" 99%"));
        CHECK(format_progress({UINT64_MAX, UINT64_MAX, seconds{1}}, "x", 80).starts_with("100%"));
    }

    TEST_CASE("each progress line covers the one before") {
        std::size_t length = 0;
        for (std::uint64_t done = 1; done != 0 && done <= UINT64_MAX / 10; done *= 7) {
            const std::string line = format_progress({done, UINT64_MAX, seconds{3}}, "name", 80);
            CHECK((length == 0 || line.size() == length));
            length = line.size();
        }
    }

    TEST_CASE("the progress line stays narrower than the terminal and shows no control characters") {
        const std::string name(200, 'n');
        CHECK(format_progress({1, 2, seconds{1}}, name, 80).size() == 79);
        CHECK(format_progress({1, 2, seconds{1}}, name, 1).empty());
        CHECK(format_progress({1, 2, seconds{1}}, "a\x1b[2Jb\n", 80).ends_with("a\\x1b[2Jb\\n"));
        // Two columns each, three bytes each, never half of one.
        CHECK(format_progress({1, 2, seconds{1}}, "\u6587\u6587\u6587", 46).ends_with("  \u6587\u6587"));
    }
}
