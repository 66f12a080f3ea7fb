// SPDX-License-Identifier: ISC
// What a client of IRC is sent: one line, whatever its parts hold.
#include "chatd/handler/irc/server_line.hh"

#include "chatd/handler/irc/client_line.hh"

#include <doctest/doctest.h>
#include <string>

using namespace chatd::irc;

TEST_SUITE("unit") {
    TEST_CASE("irc: a line for a client has source and command and parameters") {
        CHECK(ServerLine("ada!u@chat", "PRIVMSG").word("#lobby").text("hello there").str() ==
              ":ada!u@chat PRIVMSG #lobby :hello there\r\n");
        CHECK(ServerLine("", "PING").text("x").str() == "PING :x\r\n");
        CHECK(ServerLine("chatd", "324").word("ada").word("#lobby").str() == ":chatd 324 ada #lobby\r\n");
    }

    TEST_CASE("irc: tags stand in the order in which they are given") {
        CHECK(ServerLine("chatd", "ACK").tag("label", "a b").tag("time", "t").tag("bot", "").str() ==
              "@label=a\\sb;time=t;bot :chatd ACK\r\n");
    }

    TEST_CASE("irc: nothing makes two lines or two words of one") {
        using namespace std::string_literals;
        const std::string line = ServerLine("a b", "X\r\nY").word(":c d\r").word("").text("e\r\nf\0g"s).str();
        CHECK(line == ":a_b X__Y _c_d_ * :e  f g\r\n");
        CHECK(ServerLine("s", "X").tag("k", "a\r\nb c;\0"s).str() == "@k=a\\r\\nb\\sc\\:  :s X\r\n");
    }

    TEST_CASE("irc: a line without its tags has 512 bytes at the most and ends with a character") {
        const std::string source(160, 's');
        ServerLine line{source, "TOPIC"};
        line.tag("time", std::string(600, 't')).word("#lobby");
        const std::size_t room = line.room();
        std::string topic;
        while (topic.size() < 400) topic += "题";
        const std::string whole = line.text(topic).str();
        const std::string rest = whole.substr(whole.find(' ') + 1);
        CHECK(rest.size() <= max_line);
        CHECK(rest.size() > max_line - 3);
        CHECK(is_utf8(rest));
        CHECK(room == max_line - 2 - (1 + 160 + std::string_view{" TOPIC #lobby :"}.size()));
        CHECK(line.room() == 0);
    }
}
