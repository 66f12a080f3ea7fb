// SPDX-License-Identifier: ISC
#include "common/keeper/paper.hh"

#include "common/errors.hh"

#include <doctest/doctest.h>
#include <limits>
#include <string>

using namespace common;

TEST_SUITE("unit") {
    TEST_CASE("a keeper's paper says what was written on it and is refused when it is cut off or longer") {
        constexpr uid_t greatest_user = std::numeric_limits<uid_t>::max() - 1;
        Paper paper;
        paper.state = "/state";
        paper.listeners = {{"listen 127.0.0.1:1", 5}, {"listen 127.0.0.1:2", 6}};
        paper.priority = -3;
        paper.main = 4711;
        paper.config = {{"file:1", {"nice", "a b"}, false}, {"-o", {"log"}, true}};
        paper.opened = {{"log", 7}, {"xferlog", 8}};
        paper.users = {{1, 2, "daemon"}, {greatest_user, greatest_user, "somebody"}};
        paper.left_out = {"listen unix:/gone"};
        paper.children_users = {{3, 4, "nobody"}};
        paper.children = {815};
        paper.deposits = {{"client 1", std::string{"\0x", 2}, -1}};
        paper.reloads = {true, false};
        const std::string bytes = pack_paper(paper);
        const Paper again = unpack_paper(bytes);
        CHECK(pack_paper(again) == bytes);
        CHECK(again.priority == -3);
        CHECK(again.main == 4711);
        CHECK(again.listeners.at(1).fd == 6);
        CHECK(again.opened.at(1).label == "xferlog");
        CHECK(again.opened.at(1).fd == 8);
        CHECK(again.users.at(0).name == "daemon");
        CHECK(again.users.at(0).uid == 1);
        CHECK(again.users.at(0).gid == 2);
        CHECK(again.users.at(1).uid == greatest_user);
        CHECK(again.users.at(1).gid == greatest_user);
        CHECK(again.left_out == paper.left_out);
        CHECK(again.children_users.at(0).uid == 3);
        CHECK(again.children == paper.children);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            CHECK_THROWS_AS(unpack_paper(std::string_view{bytes}.substr(0, size)), PeerError);
        CHECK_THROWS_AS(unpack_paper(bytes + 'x'), PeerError);
        paper.lasting = {4712, 4713};
        const std::string longer = pack_paper(paper);
        CHECK(longer.starts_with(bytes)); // what a version before has written can be read
        CHECK(unpack_paper(longer).lasting == paper.lasting);
        for (std::size_t size = bytes.size() + 1; size < longer.size(); ++size)
            CHECK_THROWS_AS(unpack_paper(std::string_view{longer}.substr(0, size)), PeerError);
        CHECK_THROWS_AS(unpack_paper(longer + 'x'), PeerError);
    }
}
