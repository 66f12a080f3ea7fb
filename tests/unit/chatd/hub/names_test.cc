// SPDX-License-Identifier: ISC
// Which names may be had, first and later, where no name has a password.
#include "chatd/hub/names.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>

using namespace chatd;

namespace {

std::string ask_for(HubHouse& house, const Client& client, const std::string& name) {
    const ClientNumber number = client.number;
    if (client.state == Client::State::naming)
        house.send(client, NameFrame::make(name));
    else
        house.send(client, NickFrame::make(name));
    house.settle();
    return house.heard(number);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a name that is free is had and one that is somebody's or banned or none is not") {
        HubHouse house;
        house.enter("Ada");
        house.bans.add({"mallory", "", {}, ""});
        house.bans.add({"bob", "lobby", {}, ""}); // of one room only
        Client& client = house.arrive();
        CHECK(ask_for(house, client, "ADA") == HubHouse::refused(Refusal::name_taken));
        CHECK(ask_for(house, client, "Mallory") == HubHouse::refused(Refusal::name_banned));
        CHECK(ask_for(house, client, "") == HubHouse::refused(Refusal::name_empty));
        CHECK(client.state == Client::State::naming);
        CHECK(client.name == "");
        CHECK(ask_for(house, client, "Bob") == "accepted");
        CHECK(client.state == Client::State::entering);
        CHECK(house.people.find("bob") == &client);
    }

    TEST_CASE("another name is had by who may speak wherever it is and its ticket goes along") {
        HubHouse house;
        Client& ada = house.enter("ada");
        house.enter("bob");
        house.resumption.give_token(ada);
        house.heard(ada.number);
        house.mute("ada");
        CHECK(ask_for(house, ada, "eve") == HubHouse::refused(Refusal::muted));
        house.unmute("ada");
        CHECK(ask_for(house, ada, "Bob") == HubHouse::refused(Refusal::name_taken));
        CHECK(ask_for(house, ada, "ADA") == "accepted"); // its own, written otherwise
        CHECK(ask_for(house, ada, "eve") == "accepted");
        house.settle();
        CHECK(house.said_in("lobby") == "10, 10, 15 ADA, 15 eve");
        CHECK(house.people.find("ada") == nullptr);
        CHECK(house.tickets.of(ada.number)->name == "eve");
    }

    TEST_CASE("where authd is asked and is not there nothing is granted") {
        HubHouse house;
        house.settings.users = "/a user file, but no authd was started";
        Client& ada = house.arrive();
        const ClientNumber adas = ada.number;
        CHECK(ask_for(house, ada, "ada") == HubHouse::refused(Refusal::not_now));
        CHECK(ada.state == Client::State::naming);
        Client& bob = house.enter("bob");
        CHECK(ask_for(house, bob, "eve") == HubHouse::refused(Refusal::not_now));
        house.send(bob, OperFrame::make("bobsecret", std::uint8_t{3}));
        CHECK(house.heard(bob.number) == HubHouse::refused(Refusal::not_now));
        CHECK_FALSE(bob.is_operator);
        CHECK(bob.wrong_passwords == 0);
        house.send(ada, LoginFrame::make("secret")); // for no name that has a password
        CHECK_FALSE(house.is_here(adas));
    }

    TEST_CASE("a wrong password is refused and after as many as the setting says it ends the client") {
        HubHouse house;
        Client& ada = house.enter("ada");
        const ClientNumber adas = ada.number;
        house.settings.login_tries = 3;
        common::Verdict verdict;
        verdict.kind = common::Verdict::Kind::refused;
        house.passwords.refuse(ada, verdict);
        CHECK(house.heard(adas) == HubHouse::refused(Refusal::wrong_password));
        verdict.kind = common::Verdict::Kind::unavailable; // is no try
        for (int time = 0; time < 5; ++time) house.passwords.refuse(ada, verdict);
        house.heard(adas);
        verdict.kind = common::Verdict::Kind::held_off;
        house.passwords.refuse(ada, verdict);
        CHECK(house.heard(adas) == HubHouse::refused(Refusal::held_off));
        house.passwords.refuse(ada, verdict);
        house.settle();
        CHECK(house.heard(adas) == HubHouse::dismissed(Farewell::too_many_tries));
        CHECK_FALSE(house.is_here(adas));
    }
}
