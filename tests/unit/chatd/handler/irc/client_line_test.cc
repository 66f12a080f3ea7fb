// SPDX-License-Identifier: ISC
// What a client of IRC has sent, taken apart.
#include "chatd/handler/irc/client_line.hh"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace chatd::irc;
using Fault = ClientLine::Fault;
using Words = std::vector<std::string>;

TEST_SUITE("unit") {
    TEST_CASE("irc: a line is a command and its parameters") {
        const ClientLine line = parse_client_line("privmsg #lobby :hello  there ");
        CHECK(line.command == "PRIVMSG");
        CHECK(line.params == Words{"#lobby", "hello  there "});
        CHECK(line.param(1) == "hello  there ");
        CHECK(line.param(2).empty());
    }

    TEST_CASE("irc: who a client says that it is does not count") {
        const ClientLine line = parse_client_line(":bob!u@h  NICK   ada  ");
        CHECK(line.command == "NICK");
        CHECK(line.params == Words{"ada"});
    }

    TEST_CASE("irc: irssi's empty last parameter is one") {
        CHECK(parse_client_line("JOIN :").params == Words{""});
        CHECK(parse_client_line("NICK :alice").params == Words{"alice"});
        CHECK(parse_client_line("USER a 0 * :").params == Words{"a", "0", "*", ""});
    }

    TEST_CASE("irc: a line of nothing asks nothing") {
        for (const std::string_view empty : {"", " ", "   ", ":bob", ":bob ", "@a=b", "@a=b "})
            CHECK(parse_client_line(empty).command.empty());
    }

    TEST_CASE("irc: the fifteenth parameter takes the rest") {
        const ClientLine line = parse_client_line("X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 :17");
        REQUIRE(line.params.size() == max_params);
        CHECK(line.params.back() == "15 16 :17");
        CHECK(parse_client_line("X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 :15 16").params.back() == "15 16");
    }

    TEST_CASE("irc: tags come before the line and are unescaped") {
        const ClientLine line = parse_client_line("@label=a\\:b\\sc;+typing;x=;label=last :s PING 1");
        CHECK(line.tag("label") == "last");
        CHECK(line.tag("x").empty());
        CHECK(line.tags.size() == 3);
        CHECK(line.command == "PING");
    }

    TEST_CASE("irc: values of tags are escaped both ways") {
        const std::string value = "a;b c\\d\re\nf=g";
        CHECK(escape_tag(value) == "a\\:b\\sc\\\\d\\re\\nf=g");
        CHECK(unescape_tag(escape_tag(value)) == value);
        CHECK(unescape_tag("a\\bc\\") == "abc");
    }

    TEST_CASE("irc: a line may have 510 bytes beside its end and tags") {
        const std::string words(510 - 4, 'x');
        CHECK(parse_client_line("X  :" + words).fault == Fault::none);
        CHECK(parse_client_line("X  :" + words + "x").fault == Fault::too_long);
        CHECK(parse_client_line("@label=1 X  :" + words).fault == Fault::none);
        const ClientLine longer = parse_client_line("@label=1 X  :" + words + "x");
        CHECK(longer.fault == Fault::too_long);
        CHECK(longer.command.empty());
        CHECK(longer.tag("label") == "1");
    }

    TEST_CASE("irc: tags may have 4094 bytes between their signs") {
        const std::string tags(4094, 'x');
        CHECK(parse_client_line("@" + tags + " PING 1").command == "PING");
        CHECK(parse_client_line("@" + tags + "x PING 1").fault == Fault::too_long);
    }

    TEST_CASE("irc: what is not UTF-8 is refused as a whole") {
        CHECK(parse_client_line("PRIVMSG #lobby :caf\xe9").fault == Fault::not_utf8);
        CHECK(parse_client_line("PRIVMSG #lobby :\xc0\x80").fault == Fault::not_utf8);
        CHECK(parse_client_line("@a=\xff PING 1").fault == Fault::not_utf8);
        CHECK(parse_client_line("PRIVMSG #大厅 :你好").fault == Fault::none);
    }

    TEST_CASE("irc: no CR or NUL is content") {
        using namespace std::string_literals;
        CHECK(parse_client_line("PRIVMSG #lobby :hi \r:forged PRIVMSG").fault == Fault::not_text);
        CHECK(parse_client_line("PING a\0b"s).fault == Fault::not_text);
        CHECK(parse_client_line("@a=\0 PING b"s).fault == Fault::not_text);
    }
}
