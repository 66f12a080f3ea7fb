// SPDX-License-Identifier: ISC
// Names and masks as IRC writes them.
#include "chatd/handler/irc/names.hh"

#include <doctest/doctest.h>

using namespace chatd::irc;

TEST_SUITE("unit") {
    TEST_CASE("irc: a room is a channel and a name is a nick") {
        CHECK(is_channel("#lobby"));
        CHECK_FALSE(is_channel("lobby"));
        CHECK_FALSE(is_channel(""));
        CHECK(room_of("#lobby") == "lobby");
        CHECK(room_of("#").empty());
        CHECK(channel_of("大厅") == "#大厅");
        CHECK(prefix_of("ada") == "ada!u@chat");
    }

    TEST_CASE("irc: what old logs have is one word that no client takes for anything else") {
        CHECK(channel_of("big room,x") == "#big_room_x");
        CHECK(prefix_of("a b!c@d*?") == "a_b_c_d__!u@chat");
        CHECK(nick_of("#ada") == "_#ada");
        CHECK(nick_of("") == "_");
        CHECK(nick_of("a\x07") == "a_");
    }

    TEST_CASE("irc: only the letters of ASCII are folded") { CHECK(fold("AdaZ[]É") == "adaz[]É"); }

    TEST_CASE("irc: a ban is of a name or of an address") {
        CHECK(parse_ban_mask("bob").whom == "bob");
        CHECK(parse_ban_mask("bob!*@*").whom == "bob");
        CHECK_FALSE(parse_ban_mask("bob!*@*").is_address);
        CHECK(parse_ban_mask("*!*@10.0.0.7").whom == "10.0.0.7");
        CHECK(parse_ban_mask("*!*@10.0.0.0/8").is_address);
        CHECK(parse_ban_mask("*!*@2001:db8::/32").whom == "2001:db8::/32");
        CHECK(parse_ban_mask("张三!*@*").whom == "张三");
    }

    TEST_CASE("irc: other masks are none") {
        for (const std::string_view mask :
             {"", "*", "*!*@*", "!*@*", "b*!*@*", "bob!u@*", "*!u@chat", "*!*@chat", "*!*@*.org", "~a:bob",
              "bob!*@10.0.0.1", "*!*@10.0.0.0/99", "10.0.0.1", "a b", "a,b"})
            CHECK(parse_ban_mask(mask).whom.empty());
    }

    TEST_CASE("irc: a ban is shown as the mask that lifts it") {
        for (const std::string_view whom : {"bob", "10.0.0.0/8", "2001:db8::1"})
            CHECK(parse_ban_mask(ban_mask_of(whom)).whom == whom);
        CHECK(ban_mask_of("bob") == "bob!*@*");
        CHECK(ban_mask_of("10.0.0.7") == "*!*@10.0.0.7");
    }
}
