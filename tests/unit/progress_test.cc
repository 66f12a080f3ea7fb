// SPDX-License-Identifier: ISC
#include "ftpd/progress.hh"

#include <doctest/doctest.h>

using ftpd::format_progress;
using std::chrono::seconds;

TEST_SUITE("unit") {
    TEST_CASE("the progress line has percent and bytes and rate and name") {
        CHECK(format_progress({50'000'000, 200'000'000, seconds{2}}, "pub/x", 80) ==
              " 25%    50.0 MB    25.0 MB/s  pub/x");
        CHECK(format_progress({1500, {}, seconds{1}}, "x", 80) == "     1.5 kB     1.5 kB/s  x");
        CHECK(format_progress({0, 0, seconds{0}}, "x", 80) == "100%        0 B        0 B/s  x");
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
        CHECK(format_progress({1, 2, seconds{1}}, "\u6587\u6587\u6587", 36).ends_with("  \u6587\u6587"));
    }
}
