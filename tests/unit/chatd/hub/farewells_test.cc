// SPDX-License-Identifier: ISC
// Who is told why it leaves, and when: not before the next hub would know it, and by that one, if this one
// dies before.
#include "tests/unit/chatd/hub/hubs.hh"

#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <vector>

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("whoever is kicked hears it when the line is written and the keeper knows") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        std::string token;
        const ClientNumber eves = hubs.enter_with_token("eve", token).number;
        ada.is_operator = true;
        hubs.now->send(
            ada, ActFrame::make("eve", hubs.now->room().number(), static_cast<std::uint8_t>(Kind::kicked)));
        CHECK_EQ(hubs.now->heard(eves), "");
        CHECK_FALSE(hubs.now->is_here(eves));
        hubs.now->keeper_takes_all = false;
        hubs.now->settle();
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 10, 20 eve, 11");
        CHECK_EQ(hubs.now->heard(eves) + hubs.now->heard(adas), "");
        hubs.now->keeper_takes_all = true;
        hubs.now->answers.on_deposited();
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(eves), HubHouse::dismissed(Farewell::kicked));
        CHECK_EQ(hubs.now->heard(adas), "accepted");
        hubs.die();
        hubs.settle();
        CHECK_EQ(hubs.now->heard(eves), ""); // it has heard the end
        CHECK_EQ(hubs.come_again(token), HubHouse::refused(Refusal::wrong_token));
    }

    TEST_CASE("whoever was kicked hears it from the next hub whatever step the first one died at") {
        for (const std::string step : {"decided", "written", "deposited"}) {
            CAPTURE(step);
            Hubs hubs;
            Client& ada = hubs.now->enter("ada");
            const ClientNumber adas = ada.number;
            std::string token;
            const ClientNumber eves = hubs.enter_with_token("eve", token).number;
            ada.is_operator = true;
            ada.is_changed = true;
            hubs.now->answers.confirm(ada);
            hubs.now->heard(adas);
            const std::string kick =
                hubs.now->with_serial(ada, ActFrame::make("eve", hubs.now->room().number(),
                                                          static_cast<std::uint8_t>(Kind::kicked)));
            hubs.now->send(ada, kick);
            if (step == "written") hubs.now->rooms.flush();
            hubs.now->keeper_takes_all = false;
            if (step == "deposited") hubs.now->settle();
            CHECK_EQ(hubs.now->heard(eves), "");
            hubs.die();
            CHECK_EQ(hubs.now->is_here(eves), step == "decided");
            hubs.answer_again(adas, 1);
            hubs.now->send(*hubs.now->people.find(adas), kick);
            hubs.settle();
            const std::string heard = hubs.now->heard(eves);
            CHECK_EQ(heard, (step == "decided" ? "again, " : "") + HubHouse::dismissed(Farewell::kicked));
            CHECK_EQ(hubs.now->heard(adas), "again, accepted");
            CHECK_EQ(hubs.now->said_in("lobby"), "10, 10, 20 eve, 11");
            CHECK_EQ(hubs.come_again(token), HubHouse::refused(Refusal::wrong_token));
        }
    }

    TEST_CASE("a departure that stands in the log alone is told its reason and the other rooms its words") {
        struct Case {
            std::string what;
            std::optional<Farewell> why;
        };
        const std::vector<Case> cases{{"nothing", {}},
                                      {"kick", Farewell::kicked},
                                      {"kick of another", {}},
                                      {"ban", Farewell::banned},
                                      {"return", Farewell::resumed_elsewhere},
                                      {"words", {}}};
        for (const auto& [named, why] : cases) {
            const std::string& what = named; // a macro cannot capture a binding
            CAPTURE(what);
            Hubs hubs;
            std::string token;
            Client& eve = hubs.enter_with_token("eve", token);
            const ClientNumber eves = eve.number;
            hubs.now->join(eve, "cellar");
            Room& lobby = hubs.now->room();
            if (what == "kick of another") { // who had the name
                hubs.now->rooms.add_line(lobby, Kind::kicked, nullptr, "Eve");
                eve.serial = 0;
                hubs.now->rooms.add_line(lobby, Kind::renamed, &eve, "eve");
            }
            if (what == "kick") hubs.now->rooms.add_line(lobby, Kind::kicked, nullptr, "eve");
            if (what == "ban") {
                hubs.now->bans.tell_changes(
                    [&hubs](const std::string& change) { hubs.now->deposits.put_ban_change(1, change); });
                hubs.now->bans.add({"eve", "lobby", {}, ""});
            }
            eve.serial = 0;
            hubs.now->rooms.add_line(lobby, Kind::left, &eve, what == "words" ? "see you" : "");
            if (what == "return") {
                Client& back = hubs.now->arrive();
                back.name = "eve";
                hubs.now->rooms.add_line(lobby, Kind::joined, &back, {});
            }
            hubs.now->rooms.flush();
            hubs.die();
            CHECK_FALSE(hubs.now->is_here(eves));
            hubs.settle();
            CHECK_EQ(hubs.now->heard(eves), why ? HubHouse::dismissed(*why) : "");
            CHECK_EQ(hubs.now->said_in("cellar"), what == "words" ? "10, 11 see you" : "10, 11");
            const bool is_expelled = why == Farewell::kicked || why == Farewell::banned;
            CHECK_EQ(hubs.now->tickets.of(eves).has_value(), !is_expelled && what != "words");
        }
    }

    TEST_CASE("what is deposited of whoever left is a farewell or its handler is told nothing") {
        for (const bool is_whole : {true, false}) {
            CAPTURE(is_whole);
            Hubs hubs;
            Client& ada = hubs.now->enter("ada");
            const ClientNumber adas = ada.number;
            hubs.now->keeper_takes_all = false;
            if (is_whole)
                hubs.now->departures.dismiss(ada, Farewell::login_timeout);
            else {
                while (!ada.rooms.empty()) hubs.now->rooms.leave(*ada.rooms.back().room, ada);
                hubs.now->release(ada, AcceptedFrame::make("tea"));
            }
            hubs.now->settle();
            hubs.die();
            CHECK_FALSE(hubs.now->is_here(adas));
            hubs.settle();
            CHECK_EQ(hubs.now->heard(adas), is_whole ? HubHouse::dismissed(Farewell::login_timeout) : "");
        }
    }
}
