// SPDX-License-Identifier: ISC
// Who may enter a room, who may speak there, and what its operators decide.
#include "chatd/hub/room.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>

using namespace chatd;
using namespace std::chrono_literals;

namespace {

const Room::Time now = common::Clock::now();
const Ban::Time today = std::chrono::system_clock::now();

bool is_refused(const std::optional<Refusal>& why, Refusal expected) { return why && *why == expected; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("everybody in a room may speak unless they are muted and until that is over") {
        HubHouse house;
        Client& ada = house.enter("ada");
        Room& room = house.room();
        CHECK_FALSE(room.refuse_speech(ada, now));
        house.mute("ada", "lobby", now + 10s);
        CHECK(is_refused(room.refuse_speech(ada, now), Refusal::muted));
        CHECK(is_refused(room.refuse_speech(ada, now + 10s - 1ns), Refusal::muted));
        CHECK_FALSE(room.refuse_speech(ada, now + 10s));
        house.mute("ada");
        CHECK(is_refused(room.refuse_speech(ada, now + 10000h), Refusal::muted));
        CHECK(house.unmute("ada"));
        CHECK_FALSE(house.unmute("ada"));
        CHECK_FALSE(room.refuse_speech(ada, now));
    }

    TEST_CASE("in a moderated room only those with a voice and its operators may speak") {
        HubHouse house;
        Client& ada = house.enter("ada");
        Room& room = house.room();
        room.moderate(true);
        CHECK(is_refused(room.refuse_speech(ada, now), Refusal::moderated));
        house.give_voice("ada");
        CHECK_FALSE(room.refuse_speech(ada, now));
        CHECK(house.take_voice("ada"));
        CHECK_FALSE(house.take_voice("ada"));
        CHECK(is_refused(room.refuse_speech(ada, now), Refusal::moderated));
        ada.operator_rooms = {"cellar"};
        CHECK(is_refused(room.refuse_speech(ada, now), Refusal::moderated));
        ada.operator_rooms = {"cellar", "lobby"};
        CHECK_FALSE(room.refuse_speech(ada, now));
        ada.operator_rooms = {};
        ada.is_operator = true;
        CHECK_FALSE(room.refuse_speech(ada, now));
        house.mute("ada"); // also an operator
        CHECK(is_refused(room.refuse_speech(ada, now), Refusal::muted));
        house.unmute("ada");
        ada.is_operator = false;
        room.moderate(false);
        CHECK_FALSE(room.refuse_speech(ada, now));
    }

    TEST_CASE("what a list says of a member is what holds now") {
        HubHouse house;
        Client& ada = house.enter("ada");
        Room& room = house.room();
        CHECK(room.flags_of(ada, now) == "");
        house.give_voice("ada");
        house.mute("ada", "lobby", now + 10s);
        ada.is_operator = true;
        CHECK(room.flags_of(ada, now) == "ovm");
        CHECK(room.flags_of(ada, now + 10s) == "ov");
    }

    TEST_CASE("nobody enters a room twice or more rooms than there may be or a full one") {
        HubHouse house;
        Client& ada = house.enter("ada");
        Room& room = house.room();
        CHECK(is_refused(room.refuse_entry(ada, house.bans, today), Refusal::already_inside));
        Client& bob = house.arrive();
        CHECK_FALSE(room.refuse_entry(bob, house.bans, today));
        bob.rooms.assign(max_rooms, {&house.room("cellar"), 1});
        CHECK(is_refused(room.refuse_entry(bob, house.bans, today), Refusal::too_many_rooms));
        bob.rooms.pop_back();
        CHECK_FALSE(room.refuse_entry(bob, house.bans, today));
        bob.rooms.clear();
        RoomSettings small = room_settings("lobby");
        small.max_members = 1;
        room.configure(small);
        CHECK(is_refused(room.refuse_entry(bob, house.bans, today), Refusal::room_full));
        small.max_members = 2;
        room.configure(small);
        CHECK_FALSE(room.refuse_entry(bob, house.bans, today));
    }

    TEST_CASE("whose name or address is banned from a room enters it when that is over and others at once") {
        HubHouse house;
        Client& ada = house.arrive("10.0.0.7");
        house.people.give_name(ada, "Ada");
        const Room &lobby = house.room(), &cellar = house.room("cellar");
        house.bans.add({"ada", "lobby", today + 1h, ""});
        CHECK(is_refused(lobby.refuse_entry(ada, house.bans, today), Refusal::room_banned));
        CHECK_FALSE(lobby.refuse_entry(ada, house.bans, today + 1h));
        CHECK_FALSE(cellar.refuse_entry(ada, house.bans, today));
        house.bans.add({"10.0.0.7", "cellar", {}, ""});
        CHECK(is_refused(cellar.refuse_entry(ada, house.bans, today + 1000h), Refusal::room_banned));
        CHECK_FALSE(cellar.refuse_entry(house.arrive("10.0.0.8"), house.bans, today));
    }

    TEST_CASE("who leaves a room is in none or in the one that it entered last") {
        HubHouse house;
        Client& ada = house.enter("ada");
        Room &lobby = house.room(), &cellar = house.room("cellar");
        cellar.join(ada, 7);
        CHECK(ada.is_in(cellar));
        CHECK(&ada.room(cellar.number()) == &cellar);
        CHECK(ada.last_room == &cellar);
        CHECK(ada.rooms.back().shown_from == 7);
        cellar.leave(ada);
        CHECK_FALSE(ada.is_in(cellar));
        CHECK_THROWS_AS(ada.room(cellar.number()), common::PeerError);
        CHECK(cellar.members().empty());
        CHECK(ada.last_room == &lobby);
        lobby.leave(ada);
        CHECK(ada.last_room == nullptr);
    }

    TEST_CASE("who makes a room is its operator until it leaves and a configured one is nobody's") {
        HubHouse house;
        Client& ada = house.enter("ada");
        Room& den = house.rooms.make(room_settings("den"), &ada);
        CHECK(den.is_made_by_client());
        CHECK(den.is_operator(ada));
        CHECK_FALSE(house.room().is_operator(ada));
        den.join(ada, 1);
        den.leave(ada);
        CHECK_FALSE(den.is_operator(ada));
        RoomSettings kept = room_settings("den");
        den.configure(kept); // it stands in the configuration now
        CHECK_FALSE(den.is_made_by_client());
    }

    TEST_CASE("what was decided about a person goes along with it and stays with nobody who takes its name") {
        HubHouse house;
        Client &ada = house.enter("ada"), &eve = house.enter("eve");
        Room& room = house.room();
        house.give_voice("ada");
        house.mute("ada");
        house.mute("eve");
        room.rename(ada, "countess");
        house.people.give_name(ada, "Countess");
        Client& stranger = house.enter("ada");
        CHECK(room.flags_of(ada, now) == "vm");
        CHECK(room.flags_of(stranger, now) == "");
        CHECK_FALSE(house.unmute("ada"));
        house.departures.end(eve);
        house.enter("eve");
        CHECK(house.unmute("eve")); // who had that name when it was muted
        CHECK_FALSE(house.unmute("eve"));
        CHECK(house.unmute("countess"));
        CHECK(room.flags_of(ada, now) == "v");
    }

    TEST_CASE("a mute holds for who comes back with a token or as the same user or from the address") {
        HubHouse house;
        Client& ada = house.enter("ada", "lobby", "10.0.0.7");
        ada.person.account = "chief";
        Room& room = house.room();
        const auto is_muted = [&](const Person& person, const std::string& host) {
            Client& client = house.arrive(host);
            client.person = person;
            return room.refuse_speech(client, now).has_value();
        };
        room.muted().set(ada, now + 10s, {}, now);
        CHECK(is_muted({ada.person.first}, "10.0.0.8"));
        CHECK(is_muted({99, "chief"}, "10.0.0.8"));
        CHECK_FALSE(is_muted({99, "other"}, "10.0.0.7"));
        CHECK_FALSE(is_muted({99}, "10.0.0.7"));
        room.muted().set(ada, {}, common::Network::of(ada.address), now);
        CHECK(is_muted({99}, "10.0.0.7"));
        CHECK_FALSE(is_muted({99}, "10.0.0.8"));
        CHECK(room.muted().take_back("ada", &ada));
        CHECK_FALSE(is_muted(ada.person, "10.0.0.7"));
    }

    TEST_CASE("a changed code begins a new segment and is not changed where there is none to be had") {
        HubHouse house;
        Room& cellar = house.room("cellar");
        RoomSettings wanted = room_settings("cellar", "other");
        CHECK(cellar.configure(wanted).empty());
        CHECK(cellar.log().last_segment() == 2);
        CHECK(cellar.settings().code == "other");
        wanted.topic = "wine";
        CHECK(cellar.configure(wanted).empty());
        CHECK(cellar.log().last_segment() == 2);
        CHECK(cellar.topic() == "wine");
        wanted.code = "third";
        const FullDisk full;
        const auto told = cellar.configure(wanted);
        REQUIRE(told.size() == 1);
        CHECK(told[0].severity == common::Severity::error);
        CHECK(told[0].text == "room cellar keeps its code: no new segment can be created");
        CHECK(wanted.code == "other");
        CHECK(cellar.settings().code == "other");
    }

    TEST_CASE(
        "a reload moderates a room when the setting has changed and leaves history for the next start") {
        HubHouse house;
        Room& room = house.room();
        room.moderate(true);
        RoomSettings wanted = room_settings("lobby");
        room.configure(wanted); // operators decided otherwise, and the setting is as it was
        CHECK(room.is_moderated());
        wanted.moderated = true;
        room.configure(wanted);
        wanted.moderated = false;
        room.configure(wanted);
        CHECK_FALSE(room.is_moderated());
        wanted.history = false;
        const auto told = room.configure(wanted);
        REQUIRE(told.size() == 1);
        CHECK(told[0].text == "a change of 'history' of room lobby waits for the next start");
        CHECK(wanted.history);
    }
}
