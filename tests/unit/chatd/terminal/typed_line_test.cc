// SPDX-License-Identifier: ISC
// What a terminal shows of the line that is being typed.
#include "chatd/terminal/typed_line.hh"

#include "common/text.hh"
#include "tests/screen.hh"

#include <algorithm>
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
        screen.write(typed.remove() + "m\r\n");
        screen.write(typed.draw("> ", line, line.size(), {width}));
    }
    return screen.text();
}

// Prompt and line as they are drawn: in rows with an end each, before the last column.
std::string laid(const std::string& line, std::size_t width) {
    tests::Screen rows{width - 1};
    rows.write("> " + line);
    std::string text;
    std::size_t ends = 0;
    for (const std::string& row : common::split_lines(rows.text())) text += (ends++ == 0 ? "" : "\r\n") + row;
    for (; ends <= std::stoul(rows.cursor()); ++ends) text += "\r\n"; // rows of blanks
    return text;
}

// And as they are left: as the terminal breaks them, unless that fills a row.
std::string left(const std::string& line, std::size_t width) {
    tests::Screen rows{width};
    rows.write("> " + line);
    return rows.cursor().ends_with(':' + std::to_string(width)) ? laid(line, width) : "> " + line;
}

using Lines = tests::Screen::Lines;

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a message leaves the typed line whole however many rows it has") {
        for (const bool at_once : {false, true}) {
            CHECK(draw_all({"", "hello"}, 10, at_once) == "m\nm\n> hello\n");
            CHECK(draw_all({"1234567"}, 10, at_once) == "m\n> 1234567\n");
            CHECK(draw_all({"12345678"}, 10, at_once) == "m\n> 1234567\n8\n"); // no row is full
            CHECK(draw_all({"12345678", "12345678"}, 10, at_once) == "m\nm\n> 1234567\n8\n");
            CHECK(draw_all({"123456789", "12345678901234567890", "1"}, 10, at_once) == "m\nm\nm\n> 1\n");
            CHECK(draw_all({"123456你", "123456你"}, 10, at_once) == "m\nm\n> 123456\n你\n");
            CHECK(draw_all({"你好你好你好", "你好你好你好"}, 10, at_once) == "m\nm\n> 你好你\n好你好\n");
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
        CHECK(cursor("1234567", 7) == "0:9");
        CHECK(cursor("12345678", 8) == "1:1");
        CHECK(cursor("12345678", 7) == "1:0");
        CHECK(cursor("1234567890", 8) == "1:1");
        CHECK(cursor("123456你", 6) == "1:0"); // it does not fit behind the 6
        CHECK(cursor("12345678901234567890", 0) == "0:2");
    }

    TEST_CASE("a line drawn with the cursor inside it is erased whole") {
        tests::Screen screen{10};
        TypedLine typed;
        screen.write(typed.draw("> ", "123456789012345678901", 10, {10}));
        screen.write(typed.remove() + "m");
        CHECK(screen.text() == "m\n");
        CHECK(typed.remove().empty()); // nothing is left to erase
    }

    TEST_CASE("a line that is left stays as one line and the next one is drawn below it") {
        for (const bool at_once : {false, true})
            for (const auto& [typed_text, cursor] :
                 std::vector<std::pair<std::string, std::size_t>>{{"abc", 3},
                                                                  {"abc", 1},
                                                                  {"1234567", 7},
                                                                  {"12345678", 8},
                                                                  {"12345678", 2},
                                                                  {"123456789", 2},
                                                                  {"1234567890123", 0}}) {
                const std::string line = typed_text;
                CAPTURE(line);
                tests::Screen screen{10, at_once}, plain{10};
                TypedLine typed;
                screen.write(typed.draw("> ", line, cursor, {10}));
                screen.write(typed.leave({10}));
                screen.write(typed.draw("> ", "next", 4, {10}));
                plain.write(left(line, 10) + "\r\n> next");
                CHECK(screen.text() == plain.text());
                CHECK(screen.cursor() == plain.cursor());
                if (at_once || line == "12345678") continue; // just a row: it stays in two
                screen.resize(30, Lines::laid_anew);         // where it can be copied as it was typed
                CHECK(screen.text() == "> " + line + "\n> next\n");
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
            tests::Screen screen{11};
            screen.write(TypedLine{}.draw("> ", line, cursor, {11, 5}));
            return screen.text();
        };
        CHECK(shown(0) == "> aaaaaaaa\nbbbbbbbbbb\ncccccccccc\n");
        CHECK(shown(line.size()) == "cccccccccc\ndddddddddd\neee\n");
        CHECK(shown(30) == "bbbbbbbbbb\ncccccccccc\ndddddddddd\n");
    }

    TEST_CASE("a window of another width erases nothing above the line on a terminal that cuts its rows") {
        tests::Screen screen{20};
        TypedLine typed;
        const std::string line = "1234567890123456789012345678901234567890";
        const auto draw = [&](std::size_t width) {
            screen.resize(width, Lines::cut);
            CHECK(typed.note_window({width, 24}));
            screen.write(typed.draw("> ", line, line.size(), {width, 24}));
        };
        screen.write("one\r\ntwo\r\n" + typed.draw("> ", line, line.size(), {20, 24}));
        draw(11);
        CHECK(screen.text() == "one\ntwo\n> 12345678\n9012345678\n9012345678\n9012345678\n90\n");
        draw(31); // and no copy is left
        CHECK(screen.text() == "one\ntwo\n> 1234567890123456789012345678\n901234567890\n");
        draw(20);
        CHECK(screen.text() == "one\ntwo\n> 12345678901234567\n8901234567890123456\n7890\n");
        CHECK_FALSE(typed.note_window({20, 30})); // drawn anew already
    }

    TEST_CASE("a window of another width erases nothing above the line on a terminal that lays rows anew") {
        tests::Screen screen{20};
        TypedLine typed;
        const std::string line = "1234567890123456789012345678901234567890";
        screen.write("one\r\ntwo\r\n" + typed.draw("> ", line, line.size(), {20, 24}));
        screen.resize(31, Lines::laid_anew);
        typed.note_window({31, 24});
        screen.write(typed.draw("> ", line, line.size(), {31, 24}));
        CHECK(screen.text() == "one\ntwo\n> 1234567890123456789012345678\n901234567890\n");
        screen.resize(11, Lines::laid_anew);
        typed.note_window({11, 24});
        screen.write(typed.draw("> ", line, line.size(), {11, 24}));
        CHECK(screen.text().starts_with("one\ntwo\n> 1234567")); // what is left over
        CHECK(screen.text().ends_with("\n> 12345678\n9012345678\n9012345678\n9012345678\n90\n"));
    }

    TEST_CASE("a line in one row that still fits is not drawn anew for another window") {
        TypedLine typed;
        CHECK_FALSE(typed.note_window({10, 24})); // nothing is drawn
        typed.draw("> ", "1234567", 7, {80, 24});
        CHECK_FALSE(typed.note_window({10, 24}));
        CHECK(typed.draw("> ", "1234567", 7, {80, 24}).empty());
        CHECK(typed.note_window({9, 24}));
        CHECK(typed.note_window({80, 24})); // by now it may be cut
        CHECK(typed.draw("> ", "1234567", 7, {80, 24}) == "\r\x1b[J> 1234567");
        CHECK(typed.draw("> ", "1234567", 7, {80, 24}).empty());
    }

    TEST_CASE("whatever is typed the screen shows the line and nothing else") {
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
                    screen.write(typed.remove() + "m\r\n");
                    expected += "m\r\n";
                }
                screen.write(typed.draw("> ", line, cursor, {width, 1000}));
                tests::Screen plain{width};
                plain.write(expected + laid(line, width));
                REQUIRE(screen.text() == plain.text());
                if (random() % 4 == 0) {
                    screen.write(typed.leave({width, 1000}));
                    expected += left(line, width) + "\r\n";
                }
            }
        }
    }

    TEST_CASE("whatever becomes of the window no message above the line is ever erased") {
        std::mt19937 random{11};
        for (int run = 0; run < 400; ++run) {
            const Lines lines = run % 2 == 0 ? Lines::cut : Lines::laid_anew;
            std::size_t terminal = 12 + random() % 30, known = terminal; // columns, and as we were told
            tests::Screen screen{terminal, run % 4 == 0};
            TypedLine typed;
            std::string messages, line;
            bool is_exact = true;
            for (int step = 0; step < 12; ++step) {
                switch (random() % 4) {
                case 0: // not told yet: what is drawn meanwhile is drawn for another window
                    terminal = 12 + random() % 30;
                    screen.resize(terminal, lines);
                    is_exact = is_exact && lines == Lines::cut;
                    break;
                case 1: typed.note_window({known = terminal, 1000}); break;
                case 2: {
                    const std::string message = '<' + std::to_string(step) + '>';
                    screen.write(typed.remove() + message + "\r\n");
                    messages += message + '\n';
                    break;
                }
                default: line += random() % 2 == 0 ? "wide 字" : std::string(random() % 40, 'x');
                }
                if (known != terminal) is_exact = false;
                std::size_t cursor = random() % 2 == 0 ? line.size() : 0;
                screen.write(typed.draw("> ", line, cursor, {known, 1000}));
                // What is left over may share its row with a message, and so may be broken with it.
                std::string shown = screen.text();
                std::erase(shown, '\n');
                std::size_t found = 0;
                for (const std::string& message : common::split_lines(messages)) {
                    found = shown.find(message, found);
                    REQUIRE(found != shown.npos);
                }
                if (!is_exact || known != terminal) continue;
                tests::Screen plain{known};
                std::string rows = messages;
                for (std::size_t at = 0; (at = rows.find('\n', at)) != rows.npos; at += 2)
                    rows.replace(at, 1, "\r\n");
                plain.write(rows + laid(line, known));
                REQUIRE(screen.text() == plain.text()); // and nothing is left over
            }
        }
    }
}
