// SPDX-License-Identifier: ISC
#include "ftpd/session/typed_lines.hh"

#include <doctest/doctest.h>

using ftpd::TypedLines;
using Ends = TypedLines::Ends;
using namespace std::string_literals;

namespace {

struct Outcome {
    std::string text;
    bool ended;
    std::string rest; // not taken
    std::string answer;
};

// All at once and byte by byte, which must be the same.
Outcome take(std::string_view bytes, Ends ends = Ends::newline, bool is_telnet = false) {
    TypedLines whole{ends, is_telnet}, single{ends, is_telnet};
    Outcome outcome;
    const std::size_t taken = whole.take(bytes, outcome.text);
    outcome.ended = whole.has_ended();
    outcome.rest = bytes.substr(taken);
    outcome.answer = whole.take_answer();
    std::string text;
    std::size_t count = 0;
    for (const char c : bytes) count += single.take({&c, 1}, text);
    CHECK(text == outcome.text);
    CHECK(count == taken);
    CHECK(single.has_ended() == outcome.ended);
    CHECK(single.take_answer() == outcome.answer);
    CHECK(single.is_telnet() == whole.is_telnet());
    return outcome;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("typed lines end at a line that is a dot and what follows is not taken") {
        const Outcome outcome = take("one\ntwo\n.\nLS\n");
        CHECK(outcome.text == "one\ntwo\n");
        CHECK(outcome.ended);
        CHECK(outcome.rest == "LS\n");
        CHECK(take(".\n").ended);
        CHECK(take(".\n").text.empty());
        CHECK_FALSE(take("one\n.").ended);
        CHECK_FALSE(take("").ended);
    }

    TEST_CASE("typed lines that begin with two dots lose one and other dots stay") {
        CHECK(take("..\n...\n.x\n..x\na.\n. \n.\n").text == ".\n..\n.x\n.x\na.\n. \n");
        CHECK(take("\n\n.\n").text == "\n\n");
    }

    TEST_CASE("typed lines end in a line feed whatever ends them on the way") {
        CHECK(take("a\r\nb\n.\r\n").text == "a\nb\n");
        CHECK(take("a\r\r\nb\rc\n.\n").text == "a\r\nb\rc\n");
        CHECK(take("a\r\nb\r\n.\r\n", Ends::crlf).text == "a\nb\n");
        CHECK(take("a\r\0b\r\0\n\r\n.\r\n"s, Ends::crlf).text == "a\rb\r\n\n");
    }

    TEST_CASE("where CR LF ends lines no bare line feed makes a dot the last line") {
        for (const char* const sent :
             {"a\n.\nDELE b\r\n", "a\n.\r\nDELE b\r\n", "a\r.\r\n", "a\r\n.\n", ".\r\r\n"}) {
            CAPTURE(sent);
            CHECK_FALSE(take(sent, Ends::crlf).ended);
        }
        CHECK(take("a\n.\n\r\n.\r\nLS\r\n", Ends::crlf).rest == "LS\r\n");
    }

    TEST_CASE("Ctrl-D at the start of a line ends what is typed at telnet and is a byte elsewhere") {
        const Outcome outcome = take("a\r\n\x04LS\r\n", Ends::crlf, true);
        CHECK(outcome.text == "a\n");
        CHECK(outcome.ended);
        CHECK(outcome.rest == "LS\r\n");
        CHECK_FALSE(take("a\x04\r\n", Ends::crlf, true).ended);
        CHECK(take("\x04\n.\n").text == "\x04\n");
        // An option shows that it is telnet.
        CHECK(take("\xff\xfc\x45"
                   "a\r\n\x04",
                   Ends::crlf)
                  .ended);
    }

    TEST_CASE("telnet commands among typed lines are left out and options refused") {
        const Outcome outcome = take("a\xff\xffz\xff\xf1\r\n\xff\xfd\x06.\xff\xfb\x18\r\n", Ends::crlf);
        CHECK(outcome.text == "a\xffz\n");
        CHECK(outcome.ended);
        CHECK(outcome.answer == "\xff\xfc\x06\xff\xfe\x18");
        CHECK(take("a\xff\xfa\x18.\r\n.\r\n\xff\xff\xff\xf0"
                   "b\r\n",
                   Ends::crlf)
                  .text == "ab\n");
        CHECK(take("a\xff\xfe\x06\xff\xfc\x06"
                   "b\n")
                  .answer.empty());
    }
}
