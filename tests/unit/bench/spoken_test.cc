// SPDX-License-Identifier: ISC
// The lines that the chat benchmarks say and hear.
#include "tests/bench/connection.hh"
#include "tests/bench/spoken.hh"

#include <doctest/doctest.h>

using namespace bench;

namespace {

std::string shown(unsigned speaker, std::uint64_t number) {
    return ":s!s@host PRIVMSG #hall :" + write_spoken({speaker, number}) + "\r\n";
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("what is spoken is found in the line as a server shows it") {
        const std::string words = write_spoken({3, 12345, std::chrono::microseconds{1'700'000'000'000'000}});
        CHECK(words.size() == spoken_size);
        const auto found = read_spoken("ada say: " + words);
        REQUIRE(found);
        CHECK(found->speaker == 3);
        CHECK(found->number == 12345);
        CHECK(found->due.count() == 1'700'000'000'000'000);
    }

    TEST_CASE("what others say is not taken for spoken lines") {
        CHECK_FALSE(read_spoken(""));
        CHECK_FALSE(read_spoken("ada joined"));
        CHECK_FALSE(read_spoken("ada say: line 1"));
        CHECK_FALSE(read_spoken("ada say: line 1 2 3"));
        CHECK_FALSE(read_spoken("ada say: line one 2 3 "));
        CHECK_FALSE(read_spoken("ada say: line -1 2 3 "));
    }

    TEST_CASE("newlines are counted whatever the length") {
        std::string bytes;
        std::size_t lines = 0;
        for (std::size_t size = 0; size < 1000; ++size) {
            CHECK(count_lines(bytes) == lines);
            const bool ends = size % 7 == 0 || size > 700;
            bytes += ends ? '\n' : 'x';
            lines += ends ? 1 : 0;
        }
    }

    TEST_CASE("a witness finds lines that were cut into pieces") {
        const std::string all = shown(0, 0) + "somebody joined\n" + shown(1, 0) + shown(0, 1);
        Witness witness;
        for (const char c : all) witness.hear({&c, 1});
        CHECK(witness.lines() == 3);
    }

    TEST_CASE("a witness notices a line that is missing or comes twice") {
        Witness lost, twice;
        lost.hear(shown(0, 0));
        CHECK_THROWS_AS(lost.hear(shown(0, 2)), Failure);
        twice.hear(shown(0, 0));
        CHECK_THROWS_AS(twice.hear(shown(0, 0)), Failure);
    }
}
