// SPDX-License-Identifier: ISC
#include "common/text.hh"

#include <clocale>
#include <cstdint>
#include <doctest/doctest.h>
#include <stdexcept>

using namespace common;

namespace {

// RFC 3629's own grammar (section 4), for comparison.
bool is_tail(unsigned char c) { return c >= 0x80 && c <= 0xbf; }
std::size_t length_by_grammar(const std::string& s) {
    const auto at = [&](std::size_t i) {
        return i < s.size() ? static_cast<unsigned char>(s[i]) : static_cast<unsigned char>(0);
    };
    const auto between = [&](std::size_t i, int low, int high) { return at(i) >= low && at(i) <= high; };
    if (s.empty()) return 0;
    if (at(0) <= 0x7f) return 1;
    if (between(0, 0xc2, 0xdf) && is_tail(at(1))) return 2;
    const bool three = (at(0) == 0xe0 && between(1, 0xa0, 0xbf)) ||
                       (at(0) == 0xed && between(1, 0x80, 0x9f)) ||
                       (at(0) != 0xed && between(0, 0xe1, 0xef) && is_tail(at(1)));
    if (three && is_tail(at(2))) return 3;
    const bool four = (at(0) == 0xf0 && between(1, 0x90, 0xbf)) ||
                      (at(0) == 0xf4 && between(1, 0x80, 0x8f)) || (between(0, 0xf1, 0xf3) && is_tail(at(1)));
    return four && is_tail(at(2)) && is_tail(at(3)) ? 4 : 0;
}

std::string utf8(std::uint32_t code) {
    const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(code)};
    if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(code >> 6), tail(code)};
    return {static_cast<char>(0xf0 | code >> 18), tail(code >> 12), tail(code >> 6), tail(code)};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("text: parts of every kind are put one after the other") {
        CHECK(text("clients ", 3, '/', 64U, ' ', -1L, std::string{"!"}) == "clients 3/64 -1!");
        CHECK(text().empty());
    }

    TEST_CASE("text: columns stand apart even where one is too narrow for what is in it") {
        CHECK(padded("ab", 4) == "ab  ");
        CHECK(padded("abcd", 4) == "abcd ");
        CHECK(padded("abcdef", 4) == "abcdef ");
        CHECK(padded("", 2) == "  ");
        CHECK(padded("é", 4) == "é  ");     // two bytes
        CHECK(padded("é", 4, 1) == "é   "); // and one column
    }

    TEST_CASE("text: a number is the whole word and in range or none at all") {
        CHECK(parse_number<unsigned>("0") == 0U);
        CHECK(parse_number<unsigned>("007") == 7U);
        CHECK(parse_number<std::uint16_t>("65535") == 65535);
        CHECK(parse_number<int>("-20", -20, 19) == -20);
        CHECK(parse_number<std::uint64_t>("18446744073709551615") == UINT64_MAX);
        for (const std::string_view bad : {"", " ", "1 ", " 1", "+1", "-1", "-0", "0x10", "1e3", "1.0", "12a",
                                           "4294967296", "99999999999999999999999"}) {
            CAPTURE(std::string{bad});
            CHECK_FALSE(parse_number<unsigned>(bad));
        }
        CHECK_FALSE(parse_number<std::uint16_t>("65536"));
        CHECK_FALSE(parse_number<std::uint8_t>("256"));
        CHECK_FALSE(parse_number<unsigned>(std::string_view{"1\0", 2}));
        CHECK_FALSE(parse_number<unsigned>("4", 5, 9));
        CHECK_FALSE(parse_number<unsigned>("10", 5, 9));
        CHECK(parse_number<unsigned>("5", 5, 9) == 5U);
        CHECK(parse_number<unsigned>("9", 5, 9) == 9U);
        CHECK_FALSE(parse_number<int>("-1")); // the least is 0 unless one is given
    }

    TEST_CASE("text: case is ignored for ASCII letters only") {
        CHECK(to_upper("aZ09-\xe4") == "AZ09-\xe4");
        CHECK(equal_ignoring_case("Quit", "qUIT"));
        CHECK_FALSE(equal_ignoring_case("quit", "quit "));
        CHECK_FALSE(equal_ignoring_case("@", "`")); // 0x20 apart, as letters are
        CHECK_FALSE(equal_ignoring_case("\xc4", "\xe4"));
        CHECK(equal_ignoring_case("", ""));
    }

    TEST_CASE("text: the length of a UTF-8 character is what the grammar of RFC 3629 says") {
        CHECK(utf8_length("") == 0);
        std::size_t wrong = 0;
        constexpr std::string_view tails{"\x00\x41\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xff", 11};
        for (int first = 0; first < 256; ++first)
            for (int second = 0; second < 256; ++second) {
                const std::string two{static_cast<char>(first), static_cast<char>(second)};
                wrong += utf8_length(two) != length_by_grammar(two);
                for (const char third : tails) {
                    const std::string three = two + third;
                    wrong += utf8_length(three) != length_by_grammar(three);
                    for (const char fourth : tails)
                        wrong += utf8_length(three + fourth) != length_by_grammar(three + fourth);
                }
            }
        CHECK(wrong == 0);
    }

    TEST_CASE("text: every character that fits in UTF-8 has the length it is written with") {
        std::size_t wrong = 0;
        for (std::uint32_t code = 0; code <= 0x110010; ++code) {
            const bool valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
            const std::string bytes = utf8(code);
            wrong += utf8_length(bytes) != (valid ? bytes.size() : 0);
            if (valid && bytes.size() > 1) wrong += utf8_length(bytes.substr(0, bytes.size() - 1)) != 0;
        }
        CHECK(wrong == 0);
    }

    TEST_CASE("text: what could disturb a line is escaped and all else is left alone") {
        CHECK(escape("plain text, with blanks") == "plain text, with blanks");
        CHECK(escape("h\xc3\xa4user \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x90\x9f") ==
              "h\xc3\xa4user \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x90\x9f");
        CHECK(escape("a\nb\rc\td\\e") == "a\\nb\\rc\\td\\\\e");
        CHECK(escape({"\0\x1b\x7f", 3}) == "\\x00\\x1b\\x7f");
        CHECK(escape("\xc2\x9b") == "\\xc2\\x9b");                   // CSI of C1
        CHECK(escape("\xe2\x80\xae") == "\\xe2\\x80\\xae");          // right-to-left override
        CHECK(escape("\xe2\x80\xa8") == "\\xe2\\x80\\xa8");          // line separator
        CHECK(escape("\xc0\xaf") == "\\xc0\\xaf");                   // overlong slash
        CHECK(escape("\xed\xa0\x80") == "\\xed\\xa0\\x80");          // surrogate
        CHECK(escape("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80"); // beyond U+10FFFF
        CHECK(escape("a\xe4\xb8") == "a\\xe4\\xb8");                 // cut short
        CHECK(escape("\xe4\xb8z") == "\\xe4\\xb8z");                 // the next one is not swallowed
    }

    TEST_CASE("text: exactly the controls and the marks that reorder or end lines are escaped") {
        std::size_t wrong = 0;
        for (std::uint32_t code = 0; code <= 0x10ffff; ++code) {
            if (code >= 0xd800 && code <= 0xdfff) continue;
            const bool disturbs = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
                                  code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
                                  (code >= 0x2066 && code <= 0x2069) || code == '\\';
            const std::string bytes = utf8(code);
            wrong += (escape(bytes) != bytes) != disturbs;
        }
        CHECK(wrong == 0);
    }

    TEST_CASE("text: escaped text is cut between characters and says so") {
        CHECK(escape("abcdef", 6) == "abcdef");
        CHECK(escape("abcdefg", 6) == "abcdef...");
        CHECK(escape("ab\xe4\xb8\xad", 4) == "ab...");
        CHECK(escape("ab\xe4\xb8\xad", 5) == "ab\xe4\xb8\xad");
        CHECK(escape("ab\n", 3) == "ab...");
        CHECK(escape("ab\n", 4) == "ab\\n");
        CHECK(escape("\x01", 3) == "...");
        CHECK(escape("a", 0) == "...");
        CHECK(escape("", 0).empty());
        CHECK(escape(std::string(2000, 'x')).size() == 1024 + 3);
    }

    TEST_CASE("text: our own lines keep their backslashes but cannot be broken in two") {
        CHECK(keep_to_one_line("a \\n b\nok\xe2\x80\xae\xff \xc3\xa4") ==
              "a \\n b\\nok\\xe2\\x80\\xae\\xff \xc3\xa4");
        CHECK(keep_to_one_line("").empty());
        const std::string escaped = escape("\\ \n \x1b \xff");
        CHECK(keep_to_one_line(escaped) == escaped);
    }

    TEST_CASE("text: sizes are shown in four figures at most in any locale") {
        const auto check = [] {
            CHECK(human_size(0) == "0 B");
            CHECK(human_size(999) == "999 B");
            CHECK(human_size(1000) == "1.0 kB");
            CHECK(human_size(1049) == "1.0 kB");
            CHECK(human_size(1050) == "1.1 kB");
            CHECK(human_size(999'949) == "999.9 kB");
            CHECK(human_size(999'950) == "1.0 MB");
            CHECK(human_size(1'234'567'890) == "1.2 GB");
            CHECK(human_size(999'949'999'999'999'999) == "999.9 PB");
            CHECK(human_size(999'950'000'000'000'000) == "1.0 EB");
            CHECK(human_size(UINT64_MAX) == "18.4 EB");
        };
        check();
        for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"})
            if (std::setlocale(LC_ALL, locale) != nullptr) break;
        check();
    }

    TEST_CASE("text: the nearest word is the one with the fewest mistakes and a swap is one") {
        constexpr std::array<std::string_view, 6> commands{"me", "msg", "who", "join", "live", "leave"};
        const auto nearest = [&](std::string_view word) { return nearest_word(word, commands); };
        CHECK(nearest("mgs") == "msg");
        CHECK(nearest("smg") == "msg");
        CHECK(nearest("jion") == "join");
        CHECK(nearest("ojin") == "join");
        CHECK(nearest("hwo") == "who");
        CHECK(nearest("laeve") == "leave");
        CHECK(nearest("whoo") == "who");
        CHECK(nearest("m") == "");        // nothing else of it would be right
        CHECK(nearest("ojni") == "join"); // two swaps
        CHECK(nearest("absolutely") == "");
        CHECK(nearest("") == "");
    }

    TEST_CASE("text: there is one part more than separators") {
        using Parts = std::vector<std::string_view>;
        CHECK(split("", ',') == Parts{""});
        CHECK(split("a", ',') == Parts{"a"});
        CHECK(split("a,b", ',') == Parts{"a", "b"});
        CHECK(split(",a,,", ',') == Parts{"", "a", "", ""});
    }

    TEST_CASE("text: lines are split at LF and a last one without it counts") {
        using Lines = std::vector<std::string>;
        CHECK(split_lines("").empty());
        CHECK(split_lines("\n") == Lines{""});
        CHECK(split_lines("a") == Lines{"a"});
        CHECK(split_lines("a\n\nb\r\n") == Lines{"a", "", "b\r"});
    }
}
