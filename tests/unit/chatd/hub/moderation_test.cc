// SPDX-License-Identifier: ISC
// What operators and the administrator do to others, who may, and what is told of it.
#include "chatd/hub/moderation.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>
#include <filesystem>

using namespace chatd;

namespace {

using Arguments = std::vector<std::string>;

// A room with an operator, ada, and bob.
struct Moderated : HubHouse {
    Moderated() { ada.operator_rooms = {"lobby"}; }
    std::string act(const Client& client, Kind kind, const std::string& arguments,
                    std::string_view in = "lobby") {
        const ClientNumber number = client.number;
        send(client, ActFrame::make(arguments, room(in).number(), static_cast<std::uint8_t>(kind)));
        settle();
        return heard(number);
    }
    std::optional<Refusal> administer(Kind kind, const Arguments& arguments, Room* where) {
        return moderation.act(nullptr, where, kind, arguments);
    }
    Client& ada = enter("ada");
    Client& bob = enter("bob", "lobby", "10.0.0.8");
    ClientNumber bobs = bob.number;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("who is no operator of the room may do nothing to others in it") {
        Moderated house;
        house.join(house.ada, "cellar");
        for (const Kind kind : {Kind::kicked, Kind::muted, Kind::banned, Kind::moderated, Kind::voiced}) {
            CHECK(house.act(house.bob, kind, "ada") == HubHouse::refused(Refusal::not_operator));
            CHECK(house.act(house.ada, kind, "ada", "cellar") == HubHouse::refused(Refusal::not_operator));
        }
        CHECK(house.is_here(house.ada.number));
        CHECK(house.said_in("lobby") == "10, 10");
        house.bob.is_operator = true; // everywhere
        CHECK(house.act(house.bob, Kind::muted, "ada") == "accepted");
    }

    TEST_CASE("a kick ends the connection and its token and is told in the room and the log") {
        Moderated house;
        house.resumption.give_token(house.bob);
        house.heard(house.bobs);
        CHECK(house.act(house.ada, Kind::kicked, "BOB") == "accepted");
        CHECK_FALSE(house.is_here(house.bobs));
        CHECK(house.heard(house.bobs) == HubHouse::dismissed(Farewell::kicked));
        CHECK_FALSE(house.tickets.of(house.bobs));
        CHECK(house.said_in("lobby") == "10, 10, 20 bob, 11");
        CHECK(house.logged().find("kick bob by ada in lobby\n") != std::string::npos);
        CHECK(house.act(house.ada, Kind::kicked, "bob") == HubHouse::refused(Refusal::nobody));
    }

    TEST_CASE("an operator that kicks itself out is gone") {
        Moderated house;
        const ClientNumber adas = house.ada.number;
        CHECK(house.act(house.ada, Kind::kicked, "ada") == HubHouse::dismissed(Farewell::kicked));
        CHECK_FALSE(house.is_here(adas));
        CHECK(house.killed.empty());
    }

    TEST_CASE("an act is of members of the room and of as many words as it takes") {
        Moderated house;
        house.enter("eve", "cellar");
        for (const Kind kind : {Kind::kicked, Kind::muted, Kind::voiced, Kind::unmuted, Kind::unvoiced}) {
            CHECK(house.act(house.ada, kind, "eve") == HubHouse::refused(Refusal::nobody));
            CHECK(house.act(house.ada, kind, "") == HubHouse::refused(Refusal::nobody));
            CHECK(house.act(house.ada, kind, "bob 1h more") == HubHouse::refused(Refusal::nobody));
        }
        CHECK(house.act(house.ada, Kind::unbanned, "bob") == HubHouse::refused(Refusal::not_banned));
        CHECK(house.said_in("lobby") == "10, 10");
    }

    TEST_CASE("a mute may be for a while and a wrong length of time mutes nobody") {
        Moderated house;
        const auto may_speak = [&] { return !house.room().refuse_speech(house.bob, common::Clock::now()); };
        CHECK(house.act(house.ada, Kind::muted, "bob soon") == HubHouse::refused(Refusal::bad_duration));
        CHECK(may_speak());
        CHECK(house.act(house.ada, Kind::muted, " bob  2h ") == "accepted");
        CHECK_FALSE(may_speak());
        CHECK(house.room().refuse_speech(house.bob, common::Clock::now() + std::chrono::minutes{119}));
        CHECK_FALSE(house.room().refuse_speech(house.bob, common::Clock::now() + std::chrono::hours{2}));
        CHECK(house.act(house.ada, Kind::unmuted, "Bob") == "accepted");
        CHECK(may_speak());
        CHECK(house.said_in("lobby") == "10, 10, 21 bob 2h, 22 Bob");
    }

    TEST_CASE("a ban of a room ends those who are in it and one of an address all who are from there") {
        Moderated house;
        Client& eve = house.enter("eve", "cellar", "10.0.0.8");
        const ClientNumber eves = eve.number;
        CHECK(house.act(house.ada, Kind::banned, "10.0.0.8 1h") == "accepted");
        CHECK_FALSE(house.is_here(house.bobs));
        CHECK(house.is_here(eves)); // in another room
        CHECK(house.heard(house.bobs) == HubHouse::dismissed(Farewell::banned));
        const auto now = std::chrono::system_clock::now();
        CHECK(house.bans.keeps_out("10.0.0.8", "lobby", now));
        CHECK_FALSE(house.bans.keeps_out("10.0.0.8", "lobby", now + std::chrono::hours{2}));
        CHECK_FALSE(house.administer(Kind::banned, {"10.0.0.8"}, nullptr));
        CHECK_FALSE(house.is_here(eves));
        CHECK_FALSE(house.administer(Kind::banned, {"nobody-yet"}, nullptr));
        CHECK(house.bans.keeps_out("nobody-yet", "", now));
        CHECK(house.administer(Kind::banned, {"bob", "soon"}, nullptr) == Refusal::bad_duration);
        CHECK_FALSE(house.bans.keeps_out("bob", "", now));
    }

    TEST_CASE("a ban that cannot be saved is refused and ends nobody") {
        Moderated house;
        std::filesystem::create_directory(house.folder / "bans.new");
        CHECK(house.act(house.ada, Kind::banned, "bob") == HubHouse::refused(Refusal::disk_full));
        CHECK(house.is_here(house.bobs));
        CHECK_FALSE(house.bans.keeps_out("bob", "lobby", std::chrono::system_clock::now()));
        CHECK(house.logged().find("the bans are not saved: ") != std::string::npos);
        CHECK_THROWS_AS(house.administer(Kind::banned, {"bob"}, nullptr), std::system_error);
    }

    TEST_CASE(
        "the administrator acts in a room or everywhere and the room is needed where the act is of one") {
        Moderated house;
        CHECK_THROWS_AS(house.administer(Kind::muted, {"bob"}, nullptr), common::UserError);
        CHECK_THROWS_AS(house.administer(Kind::moderated, {}, nullptr), common::UserError);
        CHECK_THROWS_AS(house.administer(Kind::kicked, {}, nullptr), common::UserError);
        CHECK_THROWS_AS(house.administer(Kind::kicked, {"bob", "1h"}, nullptr), common::UserError);
        CHECK_THROWS_AS(house.administer(Kind::said, {"bob"}, nullptr), common::PeerError);
        CHECK_FALSE(house.administer(Kind::moderated, {}, &house.room()));
        CHECK(house.room().is_moderated());
        CHECK_FALSE(house.administer(Kind::voiced, {"bob"}, &house.room()));
        CHECK_FALSE(house.room().refuse_speech(house.bob, common::Clock::now()));
        CHECK_FALSE(house.administer(Kind::unvoiced, {"bob"}, &house.room()));
        CHECK(house.room().refuse_speech(house.bob, common::Clock::now()));
        CHECK_FALSE(house.administer(Kind::unmoderated, {}, &house.room()));
        house.join(house.bob, "cellar");
        CHECK_FALSE(house.administer(Kind::kicked, {"bob"}, nullptr));
        house.settle();
        CHECK(house.said_in("cellar") == "10, 20 bob, 11"); // in every room that he was in
        CHECK(house.logged().find("kick bob by administrator in all rooms\n") != std::string::npos);
    }

    TEST_CASE("an act that there is not ends the handler and one about a room that it is not in") {
        Moderated house;
        CHECK(house.act(house.ada, Kind::said, "bob") == "");
        CHECK(house.killed == std::vector<ClientNumber>{house.killed.at(0)});
        CHECK(house.act(house.bob, Kind::kicked, "ada", "cellar") == "");
        CHECK(house.killed.size() == 2);
        CHECK(house.people.count() == 0);
    }

    TEST_CASE("bans are listed to the operators of their rooms alone") {
        Moderated house;
        house.bans.add({"eve", "lobby", {}, "ada"});
        house.bans.add({"mallory", "cellar", {}, ""});
        house.bans.add({"trudy", "", {}, ""});
        house.send(house.bob, BansFrame::make({}, 0U));
        CHECK(house.heard(house.bobs) == HubHouse::refused(Refusal::not_operator));
        house.join(house.ada, "cellar");
        house.send(house.ada, BansFrame::make({}, 0U));
        const auto listing = house.next_frame(house.ada.number);
        REQUIRE(listing);
        CHECK(listing->as<ListingFrame>().second == "eve\tlobby\t\tada\n");
    }
}
