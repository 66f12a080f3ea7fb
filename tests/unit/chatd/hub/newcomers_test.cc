// SPDX-License-Identifier: ISC
// Who connects and does not come in is dismissed.
#include "chatd/hub/newcomers.hh"
#include "common/config.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>

using namespace chatd;
using namespace std::chrono_literals;

namespace {

struct Door : HubHouse {
    // Lets time pass until the client is gone or has a later limit.
    void wait_for_the_end_of(ClientNumber number) {
        const auto until = people.find(number)->login_until;
        while (is_here(number) && people.find(number)->login_until == until &&
               common::Clock::now() < until + 10s)
            loop.run_once(nullptr);
    }
    Newcomers newcomers{loop, settings, people, departures};
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("newcomers: by default there is a minute and one more for each answer and five in all") {
        const Settings settings = make_settings({});
        CHECK(settings.login_timeout == 60s);
        const common::Clock::time_point since{1000h};
        auto until = since + settings.login_timeout;
        for (const auto allowed : {120s, 180s, 240s, 300s, 300s, 300s}) {
            until = time_after_answer(since, until, settings.login_timeout);
            CHECK(until == since + allowed);
        }
    }

    TEST_CASE("newcomers: who answers nothing is dismissed when the time is over") {
        Door house;
        house.settings.login_timeout = 1s;
        Client& client = house.arrive();
        const ClientNumber number = client.number;
        house.newcomers.await(client);
        CHECK(client.login_until == client.since + 1s);
        house.wait_for_the_end_of(number);
        CHECK_FALSE(house.is_here(number));
        house.settle();
        CHECK(house.heard(number) == HubHouse::dismissed(Farewell::login_timeout));
        CHECK(house.killed.empty());
    }

    TEST_CASE("newcomers: answers of any kind give more time and who is in a room stays") {
        Door house;
        house.settings.login_timeout = 1s;
        Client &ada = house.arrive(), &bob = house.arrive();
        const ClientNumber adas = ada.number, bobs = bob.number;
        house.newcomers.await(ada);
        house.newcomers.await(bob);
        house.send(ada, NameFrame::make("ada"));
        house.send(bob, NameFrame::make("x y")); // no name, but an answer
        CHECK(house.heard(bobs).find("refused") == 0);
        CHECK(ada.login_until == ada.since + 2s);
        CHECK(bob.login_until == bob.since + 2s);
        house.send(ada, RoomsFrame::make({}, std::uint32_t{0})); // a question of its own is no answer
        CHECK(ada.login_until == ada.since + 2s);
        house.send(ada, EnterFrame::make("", std::uint8_t{0}));
        house.settle();
        CHECK(house.heard(adas) == "accepted, listing, token, entered");
        house.wait_for_the_end_of(bobs);
        house.settle();
        CHECK(house.heard(bobs) == HubHouse::dismissed(Farewell::login_timeout));
        while (ada.login_timer != common::Loop::TimerId{}) house.loop.run_once(nullptr); // which has run
        CHECK(house.is_here(adas));
    }

    TEST_CASE("newcomers: who has answered and waits for us is given more time and not for ever") {
        Door house;
        house.settings.login_timeout = 1h;
        Client &ada = house.arrive(), &bob = house.arrive();
        const ClientNumber bobs = bob.number;
        const auto now = common::Clock::now();
        ada.since = now - 1h;
        bob.since = now - Newcomers::most_times * 1h;
        for (Client* const client : {&ada, &bob}) {
            house.newcomers.await(*client);
            client->owes_answer = true;
        }
        house.loop.run_once(nullptr, false); // the time of both is over
        CHECK(ada.login_until >= now + 1h);
        CHECK(ada.login_timer != common::Loop::TimerId{});
        CHECK_FALSE(house.is_here(bobs));
        house.settle();
        CHECK(house.heard(bobs) == HubHouse::dismissed(Farewell::login_timeout));
    }

    TEST_CASE("newcomers: 0 lets everybody take as long as they like") {
        Door house;
        house.settings.login_timeout = 0s;
        Client& client = house.arrive();
        house.newcomers.await(client);
        CHECK(client.login_timer == common::Loop::TimerId{});
    }

    TEST_CASE("newcomers: a client that is gone by then is no more to be dismissed") {
        Door house;
        house.settings.login_timeout = 1s;
        Client &gone = house.arrive(), &late = house.arrive();
        const ClientNumber number = late.number;
        house.newcomers.await(gone);
        house.newcomers.await(late);
        house.departures.end(gone);
        house.wait_for_the_end_of(number);
        CHECK_FALSE(house.is_here(number));
    }
}
