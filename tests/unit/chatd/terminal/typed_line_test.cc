// SPDX-License-Identifier: ISC
// What a terminal shows of the line that is being typed.
#include "chatd/terminal/typed_line.hh"

#include "tests/screen.hh"

#include <doctest/doctest.h>
#include <random>
#include <string>
#include <utility>
#include <vector>

using chatd::TypedLine;

namespace {

// What a terminal shows when each of the lines has been drawn over the one before, a message above each.
std::string draw_all(const std::vector<std::string>& lines, std::size_t width, bool at_once) {
    tests::Screen screen{width, at_once};
    TypedLine typed;
    for (const std::string& line : lines) {
        screen.write(typed.remove({width}) + "m\r\n");
        screen.write(typed.draw("> ", line, line.size(), {width}));
    }
    return screen.text();
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a message leaves the typed line whole however many rows it has") {
        for (const bool at_once : {false, true}) {
            CHECK(draw_all({"", "hello"}, 10, at_once) == "m\nm\n> hello\n");
            CHECK(draw_all({"12345678"}, 10, at_once) == "m\n> 12345678\n");
            CHECK(draw_all({"12345678", "12345678"}, 10, at_once) == "m\nm\n> 12345678\n");
            CHECK(draw_all({"123456789", "12345678901234567890", "1"}, 10, at_once) == "m\nm\nm\n> 1\n");
            CHECK(draw_all({"1234567你", "1234567你"}, 10, at_once) == "m\nm\n> 1234567\n你\n");
            CHECK(draw_all({"你好你好你好", "你好你好你好"}, 10, at_once) == "m\nm\n> 你好你好\n你好\n");
        }
    }

    TEST_CASE("the terminal's cursor stands where the next key acts") {
        const auto cursor = [](const std::string& line, std::size_t byte) {
            tests::Screen screen{10};
            screen.write(TypedLine{}.draw("> ", line, byte, {10}));
            return screen.cursor();
        };
        CHECK(cursor("", 0) == "0:2");
        CHECK(cursor("abc", 1) == "0:3");
        CHECK(cursor("你好", 3) == "0:4");
        CHECK(cursor("12345678", 8) == "1:0");
        CHECK(cursor("12345678", 7) == "0:9");
        CHECK(cursor("1234567890", 8) == "1:0");
        CHECK(cursor("1234567你", 7) == "1:0"); // it does not fit in the last column
        CHECK(cursor("12345678901234567890", 0) == "0:2");
    }

    TEST_CASE("a line drawn with the cursor inside it is erased whole") {
        tests::Screen screen{10};
        TypedLine typed;
        screen.write(typed.draw("> ", "123456789012345678901", 10, {10}));
        screen.write(typed.remove({10}) + "m");
        CHECK(screen.text() == "m\n");
        CHECK(typed.remove({10}).empty()); // nothing is left to erase
    }

    TEST_CASE("a line that is left stays and the next one is drawn below it") {
        for (const auto& [typed_text, cursor] : std::vector<std::pair<std::string, std::size_t>>{
                 {"abc", 3}, {"abc", 1}, {"12345678", 8}, {"12345678", 2}, {"1234567890123", 0}}) {
            const std::string line = typed_text;
            CAPTURE(line);
            tests::Screen screen{10}, plain{10};
            TypedLine typed;
            screen.write(typed.draw("> ", line, cursor, {10}));
            screen.write(typed.leave({10}));
            screen.write(typed.draw("> ", "next", 4, {10}));
            plain.write("> " + line + "\r\n> next");
            CHECK(screen.text() == plain.text());
            CHECK(screen.cursor() == plain.cursor());
        }
    }

    TEST_CASE("what has not changed is not written again and what is typed at the end is written alone") {
        TypedLine typed;
        CHECK(typed.draw("> ", "a", 1, {80}) == "> a");
        CHECK(typed.draw("> ", "a", 1, {80}).empty());
        CHECK(typed.draw("> ", "a你", 4, {80}) == "你");
        CHECK(typed.draw("> ", "a你", 1, {80}) == "\r\x1b[J> a你\r> a");
        CHECK(typed.draw("> ", "a你", 1, {80}).empty());
        CHECK(typed.draw("> ", "ab", 2, {80}) == "\r\x1b[J> ab");
        typed.forget();
        CHECK(typed.draw("> ", "e", 1, {80}) == "> e");
        CHECK(typed.draw("> ", "e\u0301", 3, {80}) == "\r\x1b[J> e\u0301"); // joins what stands there
    }

    TEST_CASE("a line that is taller than the window is shown around the cursor") {
        const std::string line = "aaaaaaaabbbbbbbbbbccccccccccddddddddddeee";
        const auto shown = [&](std::size_t cursor) {
            tests::Screen screen{10};
            screen.write(TypedLine{}.draw("> ", line, cursor, {10, 5}));
            return screen.text();
        };
        CHECK(shown(0) == "> aaaaaaaa\nbbbbbbbbbb\ncccccccccc\n");
        CHECK(shown(line.size()) == "cccccccccc\ndddddddddd\neee\n");
        CHECK(shown(30) == "bbbbbbbbbb\ncccccccccc\ndddddddddd\n");
    }

    TEST_CASE(
        "whatever is typed and wherever the window changes the screen shows the line and nothing else") {
        const std::vector<std::string> pieces{"a",    "bc",      " ",          "你",
                                              "好吗", "e\u0301", "\U0001f600", "wide 字"};
        std::mt19937 random{7};
        for (int run = 0; run < 300; ++run) {
            const std::size_t width = 4 + random() % 30;
            tests::Screen screen{width, run % 2 == 0};
            TypedLine typed;
            std::string expected;
            for (int step = 0; step < 8; ++step) {
                std::string line;
                std::vector<std::size_t> places{0};
                for (std::size_t i = random() % 12; i > 0; --i)
                    places.push_back((line += pieces[random() % pieces.size()]).size());
                const std::size_t cursor = places[random() % places.size()];
                if (random() % 3 == 0) {
                    screen.write(typed.remove({width, 1000}) + "m\r\n");
                    expected += "m\r\n";
                }
                screen.write(typed.draw("> ", line, cursor, {width, 1000}));
                tests::Screen plain{width};
                plain.write(expected + "> " + line);
                REQUIRE(screen.text() == plain.text());
                if (random() % 4 == 0) {
                    screen.write(typed.leave({width, 1000}));
                    expected += "> " + line + "\r\n";
                }
            }
        }
    }
}
