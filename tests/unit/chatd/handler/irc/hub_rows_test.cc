// SPDX-License-Identifier: ISC
// The lines of the hub's lists.
#include "chatd/handler/irc/hub_rows.hh"

#include <doctest/doctest.h>

using namespace chatd::irc;

TEST_SUITE("unit") {
    TEST_CASE("irc: a person's row has all that is known of somebody") {
        const PersonRow ada = parse_person("ada\toOab\tcountess\t70\t7\to:plans,:lobby,x\t1.3/X\t"
                                           "10.0.0.7:40000\tAda L.\ttea");
        CHECK(ada.name == "ada");
        CHECK(ada.has('O'));
        CHECK_FALSE(ada.has('v'));
        CHECK(ada.account == "countess");
        CHECK(ada.connected == 70);
        CHECK(ada.spoke == 7);
        REQUIRE(ada.rooms.size() == 2);
        REQUIRE(ada.find_in("plans") != nullptr);
        CHECK(ada.find_in("plans")->flags == "o");
        CHECK(ada.find_in("den") == nullptr);
        CHECK(ada.tls == "1.3/X");
        CHECK(ada.address == "10.0.0.7:40000");
        CHECK(ada.real_name == "Ada L.");
        CHECK(ada.away == "tea");
        CHECK(parse_person("").rooms.empty());
        CHECK(parse_person("bob\t\t\tx").connected == 0);
    }

    TEST_CASE("irc: a room's row has its state") {
        const RoomRow room = parse_room("plans\tcmi\t3\t10\t1700000000000000\tada\t17\tto eat");
        CHECK(room.name == "plans");
        CHECK(room.has('m'));
        CHECK_FALSE(room.has('h'));
        CHECK(room.members == 3);
        CHECK(room.limit == 10);
        CHECK(room.birth == 1'700'000'000'000'000);
        CHECK(room.topic_by == "ada");
        CHECK(room.topic_time == 17);
        CHECK(room.topic == "to eat");
        const ListedRoom listed = parse_listed_room("plans\tc\t3\tto eat");
        CHECK(listed.name == "plans");
        CHECK(listed.members == 3);
        CHECK(listed.topic == "to eat");
        const ListedBan ban = parse_listed_ban("10.0.0.0/8\tplans\t5\tada\ta");
        CHECK(ban.whom == "10.0.0.0/8");
        CHECK(ban.room == "plans");
    }

    TEST_CASE("irc: an address is told without its port and a path is none") {
        CHECK(without_port("10.0.0.7:40000") == "10.0.0.7");
        CHECK(without_port("[2001:db8::1]:40000") == "2001:db8::1");
        CHECK(without_port("unix:/run/chatd").empty());
        CHECK(without_port("10.0.0.0/8:1").empty());
        CHECK(without_port("").empty());
    }
}
