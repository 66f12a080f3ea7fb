// SPDX-License-Identifier: ISC
// Text that is longer than a line of IRC, and what its clients put into text.
#include "chatd/handler/irc/text_parts.hh"

#include "chatd/handler/irc/client_line.hh"

#include <doctest/doctest.h>
#include <string>

using namespace chatd::irc;

namespace {

std::string joined(const std::vector<std::string_view>& parts) {
    std::string all;
    for (const std::string_view part : parts) all += part;
    return all;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: a short text is one part") {
        CHECK(parts_of("hello", 5) == std::vector<std::string_view>{"hello"});
        CHECK(parts_of("", 5) == std::vector<std::string_view>{""});
    }

    TEST_CASE("irc: a long text is divided behind blanks and is the same again") {
        const std::string text = "one two three four five six";
        const auto parts = parts_of(text, 10);
        CHECK(parts == std::vector<std::string_view>{"one two ", "three ", "four five ", "six"});
        CHECK(joined(parts) == text);
    }

    TEST_CASE("irc: a word that is too long is divided where it is") {
        CHECK(parts_of("a bbbbbbbbbbbb", 6) == std::vector<std::string_view>{"a bbbb", "bbbbbb", "bb"});
    }

    TEST_CASE("irc: no character is divided") {
        std::string text;
        for (int i = 0; i < 500; ++i) text += i % 3 == 0 ? "é" : i % 3 == 1 ? "字" : "😀";
        for (std::size_t most = 4; most < 40; ++most) {
            const auto parts = parts_of(text, most);
            CHECK(joined(parts) == text);
            for (const std::string_view part : parts) {
                CHECK(part.size() <= most);
                CHECK((part.size() + 3 >= most || part.data() == parts.back().data()));
                CHECK(is_utf8(part));
            }
        }
    }

    TEST_CASE("irc: bytes that are no UTF-8 come to an end as well") {
        const std::string text(100, '\x80');
        CHECK(joined(parts_of(text, 7)) == text);
    }

    TEST_CASE("irc: colours and founts are taken out of text") {
        CHECK(without_formatting("\x02"
                                 "bold\x02 \x1d\x1fit\x0f \x11\x16\x1e.") == "bold it .");
        CHECK(without_formatting("\x03"
                                 "4red\x03 \x03"
                                 "04,12both\x03"
                                 "1,x \x03,y") == "red both,x ,y");
        CHECK(without_formatting("\x03"
                                 "123") == "3");
        CHECK(without_formatting("\x04"
                                 "ff0000red\x04"
                                 "00ff00,0000ffgreen \x04zz") == "redgreen zz");
        CHECK(without_formatting("\x03").empty());
        CHECK(without_formatting("颜色 \x03"
                                 "05红") == "颜色 红");
    }

    TEST_CASE("irc: what a CTCP message says") {
        const auto act = parse_ctcp("\x01"
                                    "ACTION waves to all\x01");
        REQUIRE(act);
        CHECK(act->command == "ACTION");
        CHECK(act->text == "waves to all");
        CHECK(parse_ctcp("\x01version\x01")->command == "VERSION");
        CHECK(parse_ctcp("\x01ping 12")->text == "12");
        CHECK(parse_ctcp("\x01")->command.empty());
        CHECK_FALSE(parse_ctcp("hello"));
        CHECK_FALSE(parse_ctcp(""));
    }
}
