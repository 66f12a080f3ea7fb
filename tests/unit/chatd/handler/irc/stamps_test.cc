// SPDX-License-Identifier: ISC
// The tags time and msgid.
#include "chatd/handler/irc/stamps.hh"

#include <doctest/doctest.h>

using namespace chatd::irc;

TEST_SUITE("unit") {
    TEST_CASE("irc: a time is shown in thousandths of a second and read again") {
        CHECK(server_time(0) == "1970-01-01T00:00:00.000Z");
        CHECK(server_time(1796047509120999) == "2026-11-30T14:05:09.120Z");
        CHECK(server_time(1709210096000000) == "2024-02-29T12:34:56.000Z");
        CHECK(parse_server_time("2026-11-30T14:05:09.120Z") == 1796047509120000);
        CHECK(parse_server_time("2026-11-30T14:05:09Z") == 1796047509000000);
        CHECK(parse_server_time("2026-11-30T14:05:09.1209991Z") == 1796047509120999);
        CHECK(parse_server_time("2026-11-30T14:05:09.1Z") == 1796047509100000);
    }

    TEST_CASE("irc: what is no time is none") {
        for (const std::string_view text :
             {"", "2026", "2026-11-30", "2026-11-30T14:05:09", "2026-11-30T14:05:09.Z",
              "2026-11-30T14:05:09.1", "2026-13-30T14:05:09Z", "2026-02-30T14:05:09Z", "2026-11-30T24:05:09Z",
              "2026-11-30 14:05:09Z", "2026-11-30T14:05:09.120ZZ", "2026-11-30T14:05:09Zx",
              "+026-11-30T14:05:09Z", "2026-11-30T14:05:09.-1Z", "1796047509"})
            CHECK_FALSE(parse_server_time(text));
    }

    TEST_CASE("irc: a message's id says which line of which log it is") {
        const MessageId id{1796047509120999, 812, 2, "大厅-2"};
        CHECK(shown(id) == "6617ee5c7e7e7-812-2-大厅-2");
        CHECK(parse_message_id(shown(id)) == id);
        CHECK(shown({0, 1, 0, "a b"}) == "0-1-0-a_b");
    }

    TEST_CASE("irc: what is no message's id is none") {
        for (const std::string_view text : {"", "-", "1-2-3", "1-2-3-", "1-x-0-a", "g-1-0-a", "1-2--a",
                                            "-1-2-0-a", "11111111111111111-1-0-a", "1-2-0"})
            CHECK_FALSE(parse_message_id(text));
    }
}
