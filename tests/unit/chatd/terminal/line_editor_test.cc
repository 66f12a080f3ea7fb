// SPDX-License-Identifier: ISC
// The line that a person types: what each key makes of it.
#include "chatd/terminal/line_editor.hh"

#include "chatd/words.hh"

#include <doctest/doctest.h>
#include <random>

using chatd::LineEditor;
using Outcome = LineEditor::Outcome;

namespace {

// An editor that has been given these keys; the line has the cursor in it as a bar.
struct Typed {
    explicit Typed(std::string_view keys, std::size_t most = 2000) : editor(most, 4 * most) {
        editor.allow_blocks(true);
        for (const char key : keys) last = editor.press(key);
    }
    std::string shown() const { return std::string{editor.line()}.insert(editor.cursor(), "|"); }

    LineEditor editor;
    Outcome last = Outcome::nothing;
};

std::string after(std::string_view keys) { return Typed{keys}.shown(); }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("keys make a line and Enter gives it") {
        Typed typed{"hello\r"};
        CHECK(typed.last == Outcome::send);
        CHECK(typed.editor.take() == "hello");
        CHECK(typed.shown() == "|");
        CHECK(typed.editor.press('\n') == Outcome::nothing); // the rest of a pasted CR LF
        CHECK(typed.editor.press('\n') == Outcome::send);
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
        for (const char* const keys : {"\x1b[5~", "\x1b[1;5P", "\x1bOP", "\x1b[[A", "\x1bx", "\x1b[?1;2c",
                                       "\x1b\x1b[5~", "\x1b[11111111111111111111111;1m"})
            CHECK(after(std::string{"a"} + keys + "b") == "ab|");
        CHECK(Typed{"a\x1b[\r"}.last == Outcome::send); // half of one hides no Enter
        CHECK(after("\x1b你") == "你|");
    }

    TEST_CASE("what is no character or too much is refused with a bell") {
        CHECK(Typed{"\xff\xff\xff\xff"}.last == Outcome::bell);
        CHECK(Typed{"\x80"}.last == Outcome::bell);
        CHECK(Typed{"\xe0\x80\x80\x80"}.last == Outcome::bell);
        CHECK(Typed{"\u202e"}.last == Outcome::bell); // would reorder what is beside it
        CHECK(Typed{"\xc2\x9b"}.last == Outcome::bell);
        CHECK(Typed{"\x0f"}.last == Outcome::bell);
        CHECK(after("\xe4\xbd"
                    "a") == "a|");
        Typed full{"ab你", 5};
        CHECK(full.last == Outcome::nothing);
        CHECK(full.editor.press('c') == Outcome::bell);
        CHECK(Typed{"ab你好", 6}.shown() == "ab你|");
    }

    TEST_CASE("^D ends the input on an empty line and erases in any other") {
        CHECK(Typed{"\x04"}.last == Outcome::end);
        CHECK(Typed{"a\x04"}.last == Outcome::bell);
        CHECK(after("ab\x01\x04") == "|b");
    }

    TEST_CASE("^C empties the line and Tab and ^L are wishes that leave it") {
        Typed typed{"ab\x03"};
        CHECK(typed.last == Outcome::interrupt);
        CHECK(typed.shown() == "|");
        CHECK(Typed{"ab\t"}.last == Outcome::complete);
        CHECK(Typed{"ab\x0c"}.last == Outcome::redraw);
        CHECK(after("ab\t\x0c") == "ab|");
    }

    TEST_CASE("the cursor moves by words and words are killed and come back") {
        CHECK(after("one two-three\x1b[1;5D") == "one two-|three");
        CHECK(after("one two-three\x1b"
                    "b\x1b"
                    "b") == "one |two-three");
        CHECK(after("one two\x01\x1b[1;5C") == "one| two");
        CHECK(after("one 张三\x01\x1b"
                    "f\x1b"
                    "f") == "one 张三|");
        CHECK(after("one two\x01\x1b"
                    "d") == "| two");
        CHECK(after("one two-three\x1b\x7f") == "one two-|");
        CHECK(after("one two\x1b[D\x0b") == "one tw|");
        CHECK(after("one two\x1b[D\x15") == "|o");
        CHECK(after("one two\x17\x01\x19") == "two|one ");
        CHECK(Typed{"\x19"}.last == Outcome::bell);
        CHECK(Typed{"\x0b"}.last == Outcome::bell);
    }

    TEST_CASE("lines that were remembered are called back and no others") {
        Typed typed{"first\r"};
        typed.editor.remember(typed.editor.take());
        const auto press = [&](std::string_view keys) {
            for (const char key : keys) typed.last = typed.editor.press(key);
            return typed.shown();
        };
        press("secret\r");
        typed.editor.take();
        press("second\r");
        typed.editor.remember(typed.editor.take());
        CHECK(press("half\x1b[A") == "second|");
        CHECK(press("\x10") == "first|");
        CHECK(press("\x1b[A") == "first|");
        CHECK(typed.last == Outcome::bell);
        CHECK(press("\x1bOB") == "second|");
        CHECK(press("\x0e") == "half|"); // what had been begun is there again
        CHECK(press("\x0e") == "half|");
        CHECK(typed.last == Outcome::bell);
    }

    TEST_CASE("what is pasted is text whatever keys it holds and its lines are one block") {
        CHECK(after("<>\x1b[D\x1b[200~a\x03\x04\x15\x1b[D\tb\x1b[201~") == "<a b|>");
        CHECK(after("\x1b[200~one\rtwo\nthree\r\nfour\x1b[201~") == "one\ntwo\nthree\nfour|");
        CHECK(after("\x1b[200~one\r\n\x1b[201~") == "one|"); // nothing is sent by itself
        CHECK(Typed{"\x1b[200~one\rtwo\x1b[201~\r"}.last == Outcome::send);
        CHECK(after("\x1b[200~\x1b[201~a") == "a|");
        CHECK(after("\x1b[201~a") == "a|");
        LineEditor single{100};
        for (const char key : std::string_view{"\x1b[200~one\rtwo\x1b[201~"}) single.press(key);
        CHECK(single.line() == "one");
    }

    TEST_CASE("what is pasted and does not fit is refused as a whole") {
        Typed line{"ab\x1b[200~" + std::string(99, 'x') + "\x1b[201~", 100};
        CHECK(line.last == Outcome::too_long);
        CHECK(line.shown() == "ab|");
        const std::string lines = std::string(90, 'x') + '\n' + std::string(90, 'y');
        CHECK(Typed{"\x1b[200~" + lines + "\x1b[201~", 100}.shown() == lines + '|'); // a block may be longer
        CHECK(Typed{"\x1b[200~" + lines + lines + lines + "\x1b[201~", 100}.last == Outcome::block_too_long);
        CHECK(Typed{"\x1b[200~" + std::string(100'000, 'x') + "\x1b[201~", 100}.last == Outcome::too_long);
    }

    TEST_CASE("Enter is one key whether it is sent as CR LF or CR NUL or CR or LF") {
        for (const std::string_view enter : {std::string_view{"\r\n"}, std::string_view{"\r\0", 2},
                                             std::string_view{"\r"}, std::string_view{"\n"}}) {
            LineEditor editor{100};
            int sent = 0;
            for (int i = 0; i < 3; ++i)
                for (const char key : enter) sent += editor.press(key) == Outcome::send ? 1 : 0;
            CHECK(sent == 3);
        }
    }

    TEST_CASE("no keys can put a control character into the line or the cursor into a character") {
        std::mt19937 random{1};
        const std::string pieces[] = {"a",
                                      "你",
                                      "e\u0301",
                                      "\x1b[D",
                                      "\x1b[C",
                                      "\x7f",
                                      "\x17",
                                      "\x1b",
                                      "\x1b[3~",
                                      "\xe4",
                                      "\xbd",
                                      "\x05",
                                      "\x01",
                                      " ",
                                      "[",
                                      "\xff",
                                      "\x0b",
                                      "\x19",
                                      "\x03",
                                      "\t",
                                      "\x1b[A",
                                      "\x1b"
                                      "b",
                                      "\x1b[200~",
                                      "\x1b[201~"};
        LineEditor editor{40};
        for (int i = 0; i < 20'000; ++i) {
            for (const char key : pieces[random() % std::size(pieces)]) editor.press(key);
            REQUIRE(editor.line().size() <= 40);
            REQUIRE(chatd::neutralise(editor.line()) == editor.line());
            if (i % 100 == 0) editor.remember(editor.line());
            REQUIRE(chatd::neutralise(editor.line().substr(editor.cursor())) ==
                    editor.line().substr(editor.cursor()));
        }
    }
}
