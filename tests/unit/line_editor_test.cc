// SPDX-License-Identifier: ISC
// The line that a person types, what of it a terminal shows, and what of the server's words gets there.
#include "chatd/line_editor.hh"

#include "chatd/server_text.hh"
#include "chatd/typed_line.hh"
#include "chatd/words.hh"
#include "tests/screen.hh"

#include <doctest/doctest.h>
#include <random>

using chatd::LineEditor;
using chatd::ServerText;
using chatd::TypedLine;
using Wish = LineEditor::Wish;

namespace {

// An editor that has been given these keys; the line has the cursor in it as a bar.
struct Typed {
    explicit Typed(std::string_view keys, std::size_t most = 2000) : editor(most) {
        REQUIRE(chatd::use_utf8_locale());
        for (const char key : keys) last = editor.press(key);
    }
    std::string shown() const { return std::string{editor.line()}.insert(editor.cursor(), "|"); }

    LineEditor editor;
    Wish last = Wish::nothing;
};

std::string after(std::string_view keys) { return Typed{keys}.shown(); }

// What a terminal shows when each of the lines has been drawn over the one before, a message above each.
std::string draw_all(const std::vector<std::string>& lines, std::size_t width, bool at_once) {
    tests::Screen screen{width, at_once};
    TypedLine typed;
    for (const std::string& line : lines) {
        std::string bytes = typed.draw("m\n", "> ", line, line.size(), width);
        for (std::size_t at = 0; (at = bytes.find('\n', at)) != bytes.npos; at += 2) bytes.insert(at, "\r");
        screen.write(bytes);
    }
    return screen.text();
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("keys make a line and Enter gives it") {
        Typed typed{"hello\r"};
        CHECK(typed.last == Wish::send);
        CHECK(typed.editor.take() == "hello");
        CHECK(typed.shown() == "|");
        CHECK(typed.editor.press('\n') == Wish::nothing); // the rest of a pasted CR LF
        CHECK(typed.editor.press('\n') == Wish::send);
        CHECK(after("a\tb") == "a b|");
    }

    TEST_CASE("erasing takes whole characters whatever bytes and columns they have") {
        CHECK(after("ab\x7f") == "a|");
        CHECK(after("ab\b\b\b") == "|");
        CHECK(after("你好\x7f") == "你|");
        CHECK(after("\U0001f600\x7f") == "|");
        CHECK(after("xe\u0301\x7f") == "x|"); // e and its accent are one
        CHECK(after("one two  \x17") == "one |");
        CHECK(after("one\x17\x17") == "|");
        CHECK(after("  \x17") == "|");
        CHECK(after("one two\x15") == "|");
        CHECK(after("ab\x1b[D\x1b[3~") == "a|");
    }

    TEST_CASE("the cursor moves by characters and keys act where it stands") {
        CHECK(after("a你b\x1b[D\x1b[D") == "a|你b");
        CHECK(after("a你b\x1b[D\x1bOD\x1b[C") == "a你|b");
        CHECK(after("e\u0301x\x1b[D\x1b[D") == "|e\u0301x");
        CHECK(after("e\u0301x\x1b[H\x1b[C") == "e\u0301|x");
        CHECK(after("bc\x01"
                    "a") == "a|bc");
        CHECK(after("bc\x1bOH\x05"
                    "d") == "bcd|");
        CHECK(after("a\x1b[D\x1b[D\x1b[C\x1b[C\x1b[C") == "a|");
        CHECK(after("one two\x1b[D\x17") == "one |o");
    }

    TEST_CASE("escape sequences that are not known are swallowed wherever a read cuts them") {
        for (const char* const keys :
             {"\x1b[5~", "\x1b[A", "\x1b[1;5D", "\x1bOP", "\x1b[[A", "\x1bx", "\x1b[?1;2c", "\x1b\x1b[A",
              "\x1b[200~", "\x1b[11111111111111111111111;1m"})
            CHECK(after(std::string{"a"} + keys + "b") == "ab|");
        CHECK(Typed{"a\x1b[\r"}.last == Wish::send); // half of one hides no Enter
        CHECK(after("\x1b你") == "你|");
    }

    TEST_CASE("what is no character or too much is refused with a bell") {
        CHECK(Typed{"\xff\xff\xff\xff"}.last == Wish::bell);
        CHECK(Typed{"\x80"}.last == Wish::bell);
        CHECK(Typed{"\xe0\x80\x80\x80"}.last == Wish::bell);
        CHECK(Typed{"\u202e"}.last == Wish::bell); // would reorder what is beside it
        CHECK(Typed{"\xc2\x9b"}.last == Wish::bell);
        CHECK(Typed{"\x0f"}.last == Wish::bell);
        CHECK(after("\xe4\xbd"
                    "a") == "a|");
        Typed full{"ab你", 5};
        CHECK(full.last == Wish::nothing);
        CHECK(full.editor.press('c') == Wish::bell);
        CHECK(Typed{"ab你好", 6}.shown() == "ab你|");
    }

    TEST_CASE("^D ends the input on an empty line alone") {
        CHECK(Typed{"\x04"}.last == Wish::end);
        CHECK(Typed{"a\x04"}.last == Wish::bell);
    }

    TEST_CASE("no keys can put a control character into the line or the cursor into a character") {
        std::mt19937 random{1};
        const std::string pieces[] = {"a",    "你",   "e\u0301", "\x1b[D", "\x1b[C", "\x7f",
                                      "\x17", "\x1b", "\x1b[3~", "\xe4",   "\xbd",   "\x05",
                                      "\x01", " ",    "[",       "\xff"};
        LineEditor editor{40};
        for (int i = 0; i < 20'000; ++i) {
            for (const char key : pieces[random() % std::size(pieces)]) editor.press(key);
            REQUIRE(editor.line().size() <= 40);
            REQUIRE(chatd::neutralise(editor.line()) == editor.line());
            REQUIRE(chatd::neutralise(editor.line().substr(editor.cursor())) ==
                    editor.line().substr(editor.cursor()));
        }
    }

    TEST_CASE("a message leaves the typed line whole however many rows it has") {
        REQUIRE(chatd::use_utf8_locale());
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
        REQUIRE(chatd::use_utf8_locale());
        const auto cursor = [](const std::string& line, std::size_t byte) {
            tests::Screen screen{10};
            screen.write(TypedLine{}.draw({}, "> ", line, byte, 10));
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
        screen.write(typed.draw({}, "> ", "123456789012345678901", 10, 10));
        screen.write(typed.remove("m", 10));
        CHECK(screen.text() == "m\n");
        screen.write(typed.remove({}, 10)); // nothing is left to erase
        CHECK(screen.text() == "m\n");
    }

    TEST_CASE("nothing but text and line ends comes out of what a server sends") {
        ServerText text;
        text.add("a\x1b[2Jb\tc\x07\r\nd\re\xff\n\xc2\x9b\u202e\n\n");
        CHECK(text.take_lines() == "a\ufffd[2Jb c\ufffd\nd\ufffd\x65\ufffd\n\ufffd\ufffd\n\n");
        CHECK(text.take_lines().empty());
    }

    TEST_CASE("a bell before a line is told once and is no part of it and any other is text") {
        ServerText text;
        text.add("one\n\atwo\n\a\athree\n");
        CHECK(text.take_lines() == "one\ntwo\n\ufffdthree\n");
        CHECK(text.take_bell());
        CHECK_FALSE(text.take_bell());
        text.add("fo\aur\n\afive");
        CHECK(text.take_lines() == "fo\ufffdur\n");
        CHECK_FALSE(text.take_bell());
        CHECK(text.rest() == "five");
    }

    TEST_CASE("a prompt is what stands behind the last line and a character in pieces waits") {
        ServerText text;
        text.add("hello\nYour name: ");
        CHECK(text.take_lines() == "hello\n");
        CHECK(text.rest() == "Your name: ");
        text.add("\xe5\xbc");
        CHECK(text.take_rest() == "Your name: ");
        CHECK(text.rest().empty());
        text.add("\xa0\r");
        CHECK(text.take_rest() == "张");
        text.add("\nx\xf0\x9f");
        CHECK(text.take_lines() == "\n");
        CHECK(text.take_rest() == "x");
    }

    TEST_CASE("a line without an end is broken before it takes much memory") {
        ServerText text;
        std::size_t shown = 0;
        for (int i = 0; i < 100; ++i) {
            text.add(std::string(1000, 'x'));
            shown += text.take_lines().size();
            CHECK(text.rest().size() <= ServerText::longest_line);
        }
        CHECK(shown > 90'000);
    }
}
