// SPDX-License-Identifier: ISC
// What a server may do to the terminal of a person with chat.
#include "chatd/chat/terminal_filter.hh"

#include <doctest/doctest.h>
#include <random>

using chatd::TerminalFilter;
using namespace std::literals;

namespace {

std::string filtered(std::string_view bytes) {
    TerminalFilter filter;
    return filter.filter(bytes);
}

// Whole, and cut into two in every place.
void check_filtered(std::string_view bytes, std::string_view expected) {
    CHECK(filtered(bytes) == expected);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        TerminalFilter filter;
        std::string out = filter.filter(bytes.substr(0, cut));
        out += filter.filter(bytes.substr(cut));
        CHECK(out == expected);
    }
}

void check_unchanged(std::string_view bytes) { check_filtered(bytes, bytes); }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("filter: text and its line ends come through as they are") {
        check_unchanged("hello\r\n");
        check_unchanged("张三 \u00e9 e\u0301 \U0001f600\r\n");
        check_unchanged("a\b\a");
        check_filtered("a\r\0b"sv, "a\rb"); // CR NUL of an NVT
        check_filtered("a\tb", "a b");
    }

    TEST_CASE("filter: what draws and colours a line comes through as it is") {
        for (const std::string_view sequence :
             {"\r\n\x1b[A", "\x1b[12B", "\x1b[80C", "\x1b[3D", "\x1b[K", "\x1b[0K", "\x1b[1K", "\x1b[2K",
              "\x1b[J", "\x1b[2J", "\x1b[H", "\x1b[m", "\x1b[0m", "\x1b[1;38;5;200m", "\x1b[?2004h",
              "\x1b[?2004l"})
            check_unchanged("a" + std::string{sequence} + "b");
    }

    TEST_CASE("filter: the cursor goes up no further than to where the server began to write") {
        check_filtered("a\x1b[A\x1b[Jb", "a\x1b[Jb");
        check_filtered("a\r\nb\r\nc\x1b[5A\x1b[A\x1b[99B\x1b[A", "a\r\nb\r\nc\x1b[2A\x1b[99B");
        check_filtered("a\n\x1b[0A\x1b[1A", "a\n\x1b[0A");
        check_filtered("a\n\x1b[H\x1b[2J\x1b[1A", "a\n\x1b[H\x1b[2J"); // on a cleared screen
        TerminalFilter filter;
        filter.filter("a\r\nb\r\nc");
        filter.begin_here(); // another program has written since
        CHECK(filter.filter("\r\x1b[2A\x1b[Jd\r\n\x1b[1A") == "\r\x1b[Jd\r\n\x1b[1A");
    }

    TEST_CASE("filter: every other control character and sequence is shown and does nothing") {
        const std::string sign = "\ufffd";
        for (int byte = 1; byte < 0x20; ++byte) {
            const char control = static_cast<char>(byte);
            if ("\r\n\a\b\t\x1b"sv.find(control) == std::string_view::npos)
                CHECK(filtered(std::string{'a', control, 'b'}) == "a" + sign + "b");
        }
        check_filtered("\x7f", sign);
        check_filtered("\xc2\x9b"
                       "31m",
                       sign + "31m");         // CSI of C1
        check_filtered("\xe2\x80\xae", sign); // right to left
        for (const std::string_view sequence :
             {"[3J", "[2;3H", "[1;2A", "[c", "[6n",  "[?1049h",     "[?2004$p", "[>c",
              "[5i", "[21t",  "[?25l", "[r", "[1 q", "[!p",         "[200000C", "[:m",
              "c",   "7",     "=",     "#",  "(",    "[38:2:1:2:3m"})
            check_filtered("a\x1b" + std::string{sequence} + "z", "a" + sign + std::string{sequence} + "z");
        check_filtered("\x1b]0;title\a", sign + "]0;title\a");
        check_filtered("\x1bP+q\x1b\\", sign + "P+q" + sign + "\\");
    }

    TEST_CASE("filter: a sequence that is cut off by another or by a line's end is shown") {
        const std::string sign = "\ufffd";
        check_filtered("\x1b[3\x1b[31mx", sign + "[3\x1b[31mx");
        check_filtered("\x1b\x1b[Kx", sign + "\x1b[Kx");
        check_filtered("\x1b[3\nx", sign + "[3\nx");
        check_filtered("\x1b[\xc3\xa9", sign + "[\u00e9");
        check_filtered("\x1b[" + std::string(1000, '1') + "m",
                       sign + "[" + std::string(1000, '1') + "m"); // too long
    }

    TEST_CASE("filter: bytes that are no UTF-8 are shown as such") {
        const std::string sign = "\ufffd";
        check_filtered("a\xff\xfe"
                       "b",
                       "a" + sign + sign + "b");
        check_filtered("\xe5\xbc"
                       "x",
                       sign + sign + "x");
        check_filtered("\xc0\xaf", sign + sign);
        check_filtered("\xe5\xbc\x1b[K", sign + sign + "\x1b[K");
        check_filtered("\x80", sign);
    }

    TEST_CASE("filter: it knows what has to be undone and where the cursor stands") {
        TerminalFilter filter;
        CHECK(filter.redo().empty());
        CHECK(filter.at_line_start());
        filter.filter("\x1b[?2004h> ");
        CHECK(filter.redo() == "\x1b[?2004h");
        CHECK(!filter.at_line_start());
        filter.filter("\r\n");
        CHECK(filter.at_line_start());
        filter.filter("\x1b[?2004l");
        CHECK(filter.redo().empty());
    }

    TEST_CASE("filter: of any bytes at all nothing comes out that a terminal would obey unasked") {
        std::mt19937 random{4};
        const std::string_view likely = "\x1b\x1b[[0;12mKJAHh?]P\\\xc2\x9b\r\n\b"sv;
        for (int round = 0; round < 500; ++round) {
            std::string bytes;
            for (int i = 0; i < 100; ++i)
                bytes += random() % 4 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
            const std::string out = filtered(bytes);
            CHECK(filtered(out) == out); // nothing is left to be made harmless
            for (std::size_t at = 0; (at = out.find('\x1b', at)) != out.npos; ++at) CHECK(out[at + 1] == '[');
        }
    }
}
