// SPDX-License-Identifier: ISC
// What chat makes of a server's words before a terminal gets them.
#include "chatd/chat/server_text.hh"

#include <doctest/doctest.h>
#include <string>

using chatd::ServerText;

TEST_SUITE("unit") {
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
            CHECK(text.rest().size() <= ServerText::max_line);
        }
        CHECK(shown > 90'000);
    }
}
