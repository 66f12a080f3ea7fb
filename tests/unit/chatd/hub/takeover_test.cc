// SPDX-License-Identifier: ISC
// A hub that follows one which has died: what it knows of it, what it believes the logs, and what it does
// with requests that are repeated. The keeper and the handlers are the test.
#include "chatd/hub/takeover.hh"
#include "chatd/words.hh"
#include "tests/unit/chatd/hub/hubs.hh"

#include <chrono>
#include <doctest/doctest.h>
#include <string>
#include <sys/socket.h>

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("a hub knows the clients of the one before with their names and rooms") {
        Hubs hubs;
        const ClientNumber ada = hubs.now->enter("ada").number, bob = hubs.now->enter("bob").number;
        hubs.die();
        REQUIRE(hubs.now->is_here(ada));
        CHECK_EQ(hubs.now->people.find("ADA")->number, ada);
        CHECK_EQ(hubs.now->room().members().size(), 2);
        CHECK_EQ(hubs.now->heard(ada), "again");
        CHECK_EQ(hubs.now->heard(bob), "again");
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 10"); // nobody has come once more
    }

    TEST_CASE("what was read before a death and not answered is repeated and stands once") {
        for (const bool was_written : {false, true}) {
            CAPTURE(was_written);
            Hubs hubs;
            Client& ada = hubs.now->enter("ada");
            const ClientNumber adas = ada.number;
            const std::string said = hubs.now->with_serial(ada, hubs.say("one\ntwo"));
            hubs.now->send(ada, said);
            if (was_written) hubs.now->rooms.flush();
            hubs.die();
            CHECK_EQ(hubs.now->heard(adas), "again");
            hubs.answer_again(adas, 1);
            hubs.now->send(*hubs.now->people.find(adas), said);
            hubs.now->settle();
            CHECK_EQ(hubs.now->heard(adas), "accepted");
            CHECK_EQ(hubs.now->said_in("lobby"), "10, 12 one, 12 two");
        }
    }

    TEST_CASE("of lines of which the first were written before a death the rest is written after it") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        const std::string said = hubs.now->with_serial(ada, hubs.say("one\ntwo\nthree"));
        ada.serial = 1;
        hubs.now->rooms.add_line(hubs.now->room(), Kind::said, &ada, "one");
        hubs.now->rooms.flush();
        hubs.die();
        hubs.answer_again(adas, 1);
        hubs.now->send(*hubs.now->people.find(adas), said);
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(adas), "again, accepted");
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 12 one, 12 two, 12 three");
    }

    TEST_CASE("who may not speak now says no new line with one that stands") {
        for (const bool is_whole : {false, true}) {
            CAPTURE(is_whole);
            Hubs hubs;
            Client& ada = hubs.now->enter("ada");
            const ClientNumber adas = ada.number;
            std::string said = hubs.say(is_whole ? "one\ntwo\nlast" : "last");
            set_serial(said, is_whole ? 1 : 3);
            hubs.now->send(ada, said);
            hubs.now->rooms.flush();
            hubs.die();
            hubs.now->mute("ada");
            hubs.answer_again(adas, 3);
            std::string again = hubs.say("one\ntwo\nlast");
            set_serial(again, 1);
            hubs.now->send(*hubs.now->people.find(adas), again);
            hubs.now->settle();
            CHECK_EQ(hubs.now->heard(adas),
                     is_whole ? "again, accepted" : "again, " + HubHouse::refused(Refusal::muted));
            CHECK_EQ(hubs.now->said_in("lobby"), is_whole ? "10, 12 one, 12 two, 12 last" : "10, 12 last");
        }
    }

    TEST_CASE("what was said to an earlier hub is passed over until the handler has heard of this one") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        const std::string said = hubs.now->with_serial(ada, hubs.say("once"));
        hubs.put_into_pair(adas, said); // which the first hub never reads
        hubs.die();
        hubs.put_into_pair(adas, HereFrame::make({}, std::uint32_t{7}, std::uint32_t{0}, std::uint64_t{0},
                                                 std::uint32_t{1})); // to another hub
        hubs.put_into_pair(adas, said);
        hubs.now->requests.read(adas);
        hubs.now->settle();
        CHECK_EQ(hubs.now->said_in("lobby"), "10");
        hubs.answer_again(adas, 1);
        hubs.now->send(*hubs.now->people.find(adas), said);
        hubs.now->settle();
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 12 once");
        CHECK_EQ(hubs.now->heard(adas), "again, accepted");
    }

    TEST_CASE("the last words of a handler that ended between two hubs are heard") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        hubs.put_into_pair(adas, hubs.now->with_serial(ada, hubs.say("last")));
        hubs.now->handlers[adas].reset();
        hubs.die();
        hubs.now->requests.read(adas);
        hubs.now->settle();
        CHECK_FALSE(hubs.now->is_here(adas));
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 12 last, 11");
    }

    TEST_CASE("the last words of a handler that ended after two hubs stand once if the first wrote them") {
        const auto frames = [](const Hubs& hubs) {
            const std::uint32_t room = hubs.now->room().number();
            return std::vector{hubs.say("last\nwords"), TopicFrame::make("tea", room),
                               ActFrame::make("eve", room, static_cast<std::uint8_t>(Kind::muted)),
                               EnterFrame::make("sesame", std::uint8_t{0})};
        };
        const std::vector<std::string> written{"10, 10, 12 last, 12 words", "10, 10, 16 tea",
                                               "10, 10, 21 eve", "10, 10"};
        for (std::size_t which = 0; which < written.size(); ++which) {
            CAPTURE(which);
            Hubs hubs;
            Client& ada = hubs.now->enter("ada");
            hubs.now->enter("eve");
            const ClientNumber adas = ada.number;
            ada.is_operator = true;
            ada.is_changed = true;
            hubs.now->answers.confirm(ada);
            const std::string request = hubs.now->with_serial(ada, frames(hubs)[which]);
            hubs.now->send(ada, request);
            hubs.now->rooms.flush();
            hubs.die();
            hubs.put_into_pair(adas, HereFrame::make({}, 1U, std::uint32_t{0}, std::uint64_t{0}, 1U));
            hubs.put_into_pair(adas, request); // which the second hub never reads
            hubs.now->handlers[adas].reset();
            hubs.die();
            hubs.now->requests.read(adas);
            hubs.now->settle();
            CHECK_FALSE(hubs.now->is_here(adas));
            CHECK_EQ(hubs.now->said_in("lobby"), written[which] + ", 11");
            CHECK_EQ(hubs.now->said_in("cellar"), which == 3 ? "10, 11" : "");
        }
    }

    TEST_CASE("an answer that was lost with a hub is given again and nothing is done twice") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        hubs.now->enter("eve");
        const ClientNumber adas = ada.number;
        const std::string request = hubs.now->with_serial(ada, IgnoreFrame::make("eve"));
        hubs.now->send(ada, request);
        CHECK_EQ(hubs.now->heard(adas), "accepted");
        hubs.die();
        hubs.answer_again(adas, 1);
        CHECK_EQ(hubs.now->people.find(adas)->ignored.size(), 1);
        hubs.now->send(*hubs.now->people.find(adas), request);
        CHECK_EQ(hubs.now->heard(adas), "again, known_as, accepted");
        CHECK_EQ(hubs.now->people.find(adas)->ignored.size(), 1); // else she would be shown again
        hubs.now->send(*hubs.now->people.find(adas), request);
        CHECK_EQ(hubs.now->heard(adas), ""); // which no sound handler does
    }

    TEST_CASE("a private message that was shown is not refused when its answer was lost with a hub") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number, eves = hubs.now->enter("eve").number;
        const std::string request =
            hubs.now->with_serial(ada, TellFrame::make("evepsst", std::uint64_t{0}, std::uint8_t{3}));
        hubs.now->keeper_takes_all = false;
        hubs.now->send(ada, request);
        CHECK_EQ(hubs.now->heard(eves), "told");
        CHECK_EQ(hubs.now->heard(adas), ""); // it waits for the keeper
        hubs.die();
        hubs.answer_again(eves, 0);
        hubs.now->departures.end(*hubs.now->people.find(eves));
        hubs.answer_again(adas, 1);
        hubs.now->send(*hubs.now->people.find(adas), request);
        CHECK_EQ(hubs.now->heard(adas), "again, accepted");
    }

    TEST_CASE("whoever had entered as the logs say is in the room and is let in when it asks again") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        const std::string request = hubs.now->with_serial(ada, EnterFrame::make("sesame", std::uint8_t{0}));
        hubs.now->send(ada, request);
        hubs.now->rooms.flush(); // and dies before it is deposited
        hubs.die();
        CHECK_EQ(hubs.now->room("cellar").members().size(), 1);
        hubs.answer_again(adas, 1);
        hubs.now->send(*hubs.now->people.find(adas), request);
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(adas), "again, entered");
        CHECK_EQ(hubs.now->said_in("cellar"), "10");
        hubs.die();
        CHECK_EQ(hubs.now->room("cellar").members().size(), 1);
        hubs.answer_again(adas, 1);
        hubs.now->send(*hubs.now->people.find(adas), request); // its answer was lost once more
        CHECK_EQ(hubs.now->heard(adas), "again, token, entered");
    }

    TEST_CASE("whoever the logs say has entered and whose handler has ended leaves once") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        hubs.now->send(ada, EnterFrame::make("sesame", std::uint8_t{0}));
        hubs.now->rooms.flush();
        hubs.now->handlers[adas].reset();
        hubs.die();
        hubs.now->requests.read(adas);
        hubs.now->rooms.flush(); // its left stands there; and this hub dies, too
        hubs.die();
        hubs.now->requests.read(adas);
        hubs.now->settle();
        CHECK_FALSE(hubs.now->is_here(adas));
        CHECK_EQ(hubs.now->said_in("cellar"), "10, 11");
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 11");
        CHECK(hubs.now->box.count("client " + std::to_string(adas)) == 0);
    }

    TEST_CASE("a kick that stands in the log and whose victim is still there is completed") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number, eves = hubs.now->enter("eve").number;
        ada.is_operator = true;
        const std::string request = hubs.now->with_serial(
            ada, ActFrame::make("eve", hubs.now->room().number(), static_cast<std::uint8_t>(Kind::kicked)));
        ada.serial = 1;
        ada.is_changed = true;
        hubs.now->answers.confirm(ada); // so that she is an operator after it
        hubs.now->heard(adas);
        ada.serial = 2;
        hubs.now->rooms.add_line(hubs.now->room(), Kind::kicked, &ada, "eve");
        hubs.now->rooms.flush();
        hubs.die();
        REQUIRE(hubs.now->is_here(eves));
        hubs.answer_again(adas, 2);
        std::string again = request;
        set_serial(again, 2);
        hubs.now->send(*hubs.now->people.find(adas), again);
        hubs.now->settle();
        CHECK_FALSE(hubs.now->is_here(eves));
        CHECK_EQ(hubs.now->heard(adas), "again, accepted");
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 10, 20 eve, 11");
    }

    TEST_CASE("a repeated ban stays what it was when its victim was there and ends whom it has not ended") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        Client& robert = hubs.now->enter("robert", "lobby", "10.0.0.8");
        const ClientNumber adas = ada.number, roberts = robert.number;
        ada.is_operator = true;
        ada.is_changed = true;
        hubs.now->answers.confirm(ada);
        hubs.now->heard(adas);
        robert.person.account = "bob";
        const auto note = [&hubs] {
            hubs.now->bans.tell_changes(
                [&hubs](const std::string& change) { hubs.now->deposits.put_ban_change(1, change); });
        };
        note();
        const std::string request =
            hubs.now->with_serial(ada, ActFrame::make("Robert address 1h", hubs.now->room().number(),
                                                      static_cast<std::uint8_t>(Kind::banned)));
        hubs.now->send(ada, request);
        const ClientNumber eves = hubs.now->enter("eve", "lobby", "10.0.0.8").number; // as if not ended
        hubs.now->heard(adas);                                                        // which was lost
        hubs.die();
        CHECK_FALSE(hubs.now->is_here(roberts));
        note();
        const std::string before = hubs.now->bans.lines();
        hubs.answer_again(adas, 1);
        hubs.now->send(*hubs.now->people.find(adas), request);
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(adas), "again, accepted");
        CHECK_EQ(hubs.now->bans.lines(), before);
        CHECK(hubs.now->bans.keeps_out(Person{0, "bob"}, "lobby", std::chrono::system_clock::now()));
        CHECK_FALSE(hubs.now->is_here(eves));
        CHECK_EQ(hubs.now->heard(eves), common::text("again, ", HubHouse::dismissed(Farewell::banned)));
        CHECK_FALSE(hubs.now->bans.remove("robert", "")); // it is of the room
        CHECK(hubs.now->bans.remove("robert", "lobby"));
        hubs.now->send(*hubs.now->people.find(adas), ActFrame::make("robert", hubs.now->room().number(),
                                                                    static_cast<std::uint8_t>(Kind::banned)));
        CHECK_FALSE(hubs.now->bans.keeps_out(Person{0, "bob"}, "lobby", std::chrono::system_clock::now()));
        CHECK(hubs.now->bans.keeps_out("robert", "lobby", std::chrono::system_clock::now()));
    }

    TEST_CASE("a repeated ban without the address stays of its person") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        Client& robert = hubs.now->enter("robert");
        const ClientNumber adas = ada.number;
        ada.is_operator = true;
        ada.is_changed = true;
        hubs.now->answers.confirm(ada);
        robert.person.account = "bob";
        hubs.now->bans.tell_changes(
            [&hubs](const std::string& change) { hubs.now->deposits.put_ban_change(1, change); });
        const std::string request =
            hubs.now->with_serial(ada, ActFrame::make("robert", hubs.now->room().number(),
                                                      static_cast<std::uint8_t>(Kind::banned)));
        hubs.now->send(ada, request);
        hubs.now->rooms.flush();
        hubs.die();
        hubs.answer_again(adas, 1);
        hubs.now->send(*hubs.now->people.find(adas), request);
        hubs.now->settle();
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 10, 23 robert, 11");
        CHECK(hubs.now->bans.keeps_out(Person{0, "bob"}, "lobby", std::chrono::system_clock::now()));
    }

    TEST_CASE("mutes and voices and moderation and a room that a client made outlive a hub") {
        Hubs hubs;
        hubs.now->settings.create_rooms = true;
        Client& ada = hubs.now->enter("ada");
        Client& eve = hubs.now->enter("eve");
        const ClientNumber adas = ada.number, eves = eve.number;
        hubs.now->mute("eve");
        hubs.now->give_voice("ada");
        hubs.now->room().moderate(true);
        hubs.now->rooms.note_change(hubs.now->room());
        hubs.now->send(ada, EnterFrame::make("den", std::uint8_t{0}));
        hubs.now->settle();
        hubs.die();
        const auto now = common::Clock::now();
        CHECK(hubs.now->room().is_moderated());
        CHECK(hubs.now->room().muted().has(*hubs.now->people.find(eves), now));
        CHECK(hubs.now->room().voices().has(*hubs.now->people.find(adas), now));
        REQUIRE(hubs.now->rooms.find("den") != nullptr);
        CHECK(hubs.now->rooms.find("den")->is_made_by_client());
        CHECK(hubs.now->rooms.find("den")->is_operator(*hubs.now->people.find(adas)));
        hubs.now->unmute("eve");
        hubs.now->rooms.note_change(hubs.now->room());
        hubs.now->settle();
        hubs.die();
        CHECK_FALSE(hubs.now->room().muted().has(*hubs.now->people.find(eves), now));
    }

    TEST_CASE("of more mutes than there can be in a room that a client made the next hub keeps the cap") {
        Hubs hubs;
        hubs.now->settings.create_rooms = true;
        Client& ada = hubs.now->enter("ada");
        hubs.now->send(ada, EnterFrame::make("den", std::uint8_t{0}));
        hubs.now->settle();
        Room& den = hubs.now->room("den");
        for (ClientNumber number = 1000; number < 1100; ++number) { // as an older version let them
            Client gone;
            gone.person.first = number;
            den.muted().set(gone, {}, {}, common::Clock::now());
        }
        hubs.now->rooms.note_change(den);
        hubs.now->settle();
        const std::string label = common::text("mark ", den.number(), ' ');
        const auto count = [&] {
            std::size_t all = 0;
            for (const auto& [known, deposited] : hubs.now->box) all += known.starts_with(label) ? 1 : 0;
            return all;
        };
        REQUIRE(count() == 100);
        hubs.die();
        hubs.now->settle();
        CHECK(hubs.now->room("den").muted().all().size() == max_marks_of_made_room);
        CHECK(count() == max_marks_of_made_room);
    }

    TEST_CASE("whoever has left a room and come back is in it") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        hubs.now->send(ada, EnterFrame::make("sesame", std::uint8_t{0}));
        hubs.now->settle();
        hubs.now->send(ada, LeaveFrame::make({}, hubs.now->room("cellar").number()));
        hubs.now->settle();
        hubs.now->send(ada, EnterFrame::make("sesame", std::uint8_t{0}));
        hubs.now->settle();
        hubs.die();
        CHECK_EQ(hubs.now->room("cellar").members().size(), 1);
        CHECK_EQ(hubs.now->people.find(adas)->rooms.size(), 2);
    }

    TEST_CASE("a departure that stands in the logs alone is completed and keeps its place") {
        for (const bool was_kicked : {false, true}) {
            CAPTURE(was_kicked);
            Hubs hubs;
            Client& ada = hubs.now->enter("ada");
            const ClientNumber adas = ada.number;
            hubs.now->resumption.give_token(ada);
            ada.is_changed = true;
            hubs.now->answers.confirm(ada);
            if (was_kicked) hubs.now->rooms.add_line(hubs.now->room(), Kind::kicked, nullptr, "ADA");
            hubs.now->departures.end(ada);
            hubs.now->rooms.flush(); // and dies before that is deposited
            hubs.die();
            CHECK_FALSE(hubs.now->is_here(adas));
            hubs.now->settle();
            CHECK_EQ(hubs.now->said_in("lobby"), was_kicked ? "10, 20 ADA, 11" : "10, 11");
            const auto ticket = hubs.now->tickets.of(adas);
            REQUIRE_EQ(ticket.has_value(), !was_kicked);
            if (ticket) CHECK_EQ(ticket->stays.size(), 1);
        }
    }

    TEST_CASE("a return that stands in the logs and was not told is told when it is asked for again") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        hubs.now->resumption.give_token(ada);
        const std::string token = hubs.now->next_frame(ada.number)->as<TokenFrame>().second;
        hubs.now->departures.end(ada);
        hubs.now->settle();
        Client& back = hubs.now->arrive();
        const ClientNumber number = back.number;
        const std::string request = hubs.now->with_serial(
            back, ResumeFrame::make(token, std::uint64_t{0}, std::uint8_t{0}, std::uint8_t{32}));
        hubs.now->send(back, request);
        hubs.now->rooms.flush();
        hubs.die();
        hubs.answer_again(number, 1);
        hubs.now->send(*hubs.now->people.find(number), request);
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(number), "again, token, resumed, entered");
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 11, 10");
        CHECK_EQ(hubs.now->people.find("ada")->number, number);
    }

    TEST_CASE("the last one that left a room of its own before a death has left when it asks again") {
        Hubs hubs;
        hubs.now->settings.create_rooms = true;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        hubs.now->send(ada, EnterFrame::make("den", std::uint8_t{0}));
        hubs.now->settle();
        hubs.now->heard(adas);
        const std::uint32_t den = hubs.now->rooms.find("den")->number();
        const std::string request = hubs.now->with_serial(ada, LeaveFrame::make({}, den));
        hubs.now->send(ada, request);
        hubs.now->rooms.flush();
        hubs.die();
        hubs.now->settle(); // the room closes
        CHECK(hubs.now->rooms.find("den") == nullptr);
        hubs.answer_again(adas, 2);
        hubs.now->send(*hubs.now->people.find(adas), request);
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(adas), "again, accepted");
        CHECK(hubs.now->killed.empty());
        hubs.now->settings.create_rooms = true;
        hubs.now->send(*hubs.now->people.find(adas), EnterFrame::make("nest", std::uint8_t{0}));
        hubs.now->settle();
        CHECK(hubs.now->rooms.find("nest")->number() > den); // which tickets may name still
    }

    TEST_CASE("places of an orderly stop outlive the hub that has read them") {
        Hubs hubs;
        hubs.now->tickets.put_back({.ticket = {.client = 7,
                                               .name = "ada",
                                               .is_left = true,
                                               .expires = common::Clock::now() + std::chrono::hours{1}},
                                    .tokens = {std::string(32, 'a')}});
        hubs.now->deposits.put_tickets();
        hubs.die();
        CHECK(hubs.now->tickets.find(std::string(32, 'a'), common::Clock::now()));
    }

    TEST_CASE("of two who have a name the one who took it keeps it") {
        Hubs hubs;
        const ClientNumber first = hubs.now->enter("ada").number;
        Client& second = hubs.now->enter("eve");
        const ClientNumber seconds = second.number;
        second.name = "ada";
        second.is_changed = true;
        hubs.now->answers.confirm(second);
        hubs.die();
        CHECK_EQ(hubs.now->people.find("ada")->number, seconds);
        hubs.now->departures.end(*hubs.now->people.find(first));
        CHECK_EQ(hubs.now->people.find("ada")->number, seconds);
    }

    TEST_CASE("a client that two hubs died for is let go and what is malformed costs itself alone") {
        Hubs hubs;
        const ClientNumber ada = hubs.now->enter("ada").number, bob = hubs.now->enter("bob").number,
                           eve = hubs.now->enter("eve").number;
        hubs.now->box.at("client " + std::to_string(bob)).bytes = "nonsense";
        hubs.die(ada);
        CHECK_FALSE(hubs.now->is_here(ada));
        CHECK_FALSE(hubs.now->is_here(bob));
        CHECK(hubs.now->is_here(eve));
        CHECK(hubs.now->logged().find("two hubs died while they worked for it") != std::string::npos);
        CHECK(hubs.now->logged().find(common::text("left as 'client ", bob, "' is lost")) !=
              std::string::npos);
    }

    TEST_CASE("a hub moves no place of a log before all whom it took over are heard and answered") {
        Hubs hubs;
        const ClientNumber ada = hubs.now->enter("ada").number, bob = hubs.now->enter("bob").number;
        hubs.die();
        const auto say_much = [&] {
            for (int line = 0; line < 2500; ++line)
                hubs.now->rooms.add_line(hubs.now->room(), Kind::announced, nullptr, "tea");
            hubs.now->settle();
            return hubs.now->room().place();
        };
        const std::string first = hubs.now->room().place();
        CHECK(say_much() == first);
        hubs.answer_again(ada, 0);
        CHECK(say_much() == first);
        hubs.answer_again(bob, 1); // which is not answered yet
        CHECK(say_much() == first);
        std::string request = hubs.say("last");
        set_serial(request, 1);
        hubs.now->send(*hubs.now->people.find(bob), request);
        hubs.now->settle();
        CHECK(say_much() != first);
    }

    TEST_CASE("clients whose handlers are too old for a hub are named and let come again by force") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        Client& bob = hubs.now->enter("bob");
        Client& eve = hubs.now->enter("eve");
        const ClientNumber adas = ada.number, bobs = bob.number, eves = eve.number;
        hubs.now->resumption.give_token(ada);
        hubs.make_old(ada, oldest_protocol - 1);
        hubs.make_old(bob, oldest_protocol);
        hubs.make_old(eve, protocol_version + 2);
        hubs.take_over();
        CHECK_EQ(hubs.evictions->explain_too_old(),
                 common::text("ada, eve: from before protocol version ", oldest_protocol,
                              ", which this version cannot go on with: `chatctl upgrade -f' lets them come "
                              "again"));
        hubs.evictions->let_too_old_go(2);
        CHECK_EQ(hubs.evictions->explain_too_old(), "");
        CHECK_FALSE(hubs.now->is_here(adas));
        CHECK_FALSE(hubs.now->is_here(eves));
        CHECK(hubs.now->is_here(bobs));
        CHECK_EQ(hubs.now->heard(adas), "again"); // of a version that tells it to end
        CHECK_EQ(hubs.now->heard(bobs), "");
        REQUIRE(hubs.now->tickets.of(adas));              // her place is kept
        CHECK(hubs.now->tickets.of(adas)->counted == 0U); // and chat knows what was dealt with
        hubs.now->settle();
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 10, 10, 11, 11");
    }

    TEST_CASE("of many clients that are too old the first are named") {
        Hubs hubs;
        for (int one = 0; one < 12; ++one) {
            Client& client = hubs.now->enter(common::text("c", one));
            hubs.make_old(client, 1);
        }
        hubs.take_over();
        const std::string why = hubs.evictions->explain_too_old();
        CHECK(why.find("c8, c9, and 2 more: from before") != std::string::npos);
        CHECK(why.find("c10") == std::string::npos);
    }

    TEST_CASE("what cannot be read and parts of a room without a record are withdrawn") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        hubs.now->enter("bob");
        hubs.now->settings.create_rooms = true;
        for (const char* const room : {"den", "nook"})
            hubs.now->send(ada, EnterFrame::make(room, std::uint8_t{0})), hubs.now->settle();
        hubs.now->mute("ada");
        hubs.now->mute("bob");
        hubs.now->rooms.note_change(hubs.now->room());
        hubs.now->settle();
        const std::string den = common::text(hubs.now->room("den").number());
        const std::string nook = common::text(hubs.now->room("nook").number());
        const std::string ada_mark =
            common::text("mark ", hubs.now->room().number(), " m ", ada.person.first);
        REQUIRE(hubs.now->box.contains("log " + den + " 1 w"));
        hubs.now->box.at(ada_mark).bytes = "nonsense";
        hubs.now->box.at("room " + nook).bytes = "nonsense";
        hubs.now->box.erase("room " + den); // killed in the midst of it
        for (const char* const label : {"mark nonsense", "ticket 7"}) hubs.now->box[label].bytes = "nonsense";
        hubs.now->box["client " + std::to_string(ada.number)].bytes = "nonsense";
        hubs.die();
        hubs.now->settle();
        std::string left;
        for (const auto& [label, deposited] : hubs.now->box)
            if (!label.starts_with("room ") && !label.starts_with("mark " + ada_mark.substr(5, 5)))
                left += label + ", ";
        CHECK_EQ(left, common::text("client ", hubs.now->people.find("bob")->number, ", hub, made, "));
        CHECK_FALSE(hubs.now->box.contains(ada_mark));
        CHECK_FALSE(hubs.now->box.contains("room " + nook));
        CHECK(hubs.now->room().muted().has(*hubs.now->people.find("bob"), common::Clock::now()));
    }

    TEST_CASE("whoever has the longest of all folded names stays and is muted still") {
        Hubs hubs;
        std::string name;
        for (int n = 0; n < 32; ++n) name += "\uFDF4"; // which is folded to four letters
        REQUIRE_FALSE(refuse_name(name));
        REQUIRE(fold_name(name).size() > max_name);
        Client& client = hubs.now->enter(name);
        const ClientNumber number = client.number;
        client.person.account = fold_name(name);
        client.is_changed = true;
        hubs.now->answers.confirm(client);
        hubs.now->mute(name);
        hubs.now->rooms.note_change(hubs.now->room());
        hubs.now->settle();
        REQUIRE_NOTHROW(hubs.take_over(false)); // on trial
        REQUIRE(hubs.now->is_here(number));
        CHECK(hubs.now->room().muted().has(*hubs.now->people.find(number), common::Clock::now()));
    }

    TEST_CASE("on trial a record that cannot be read is a reason to leave the old hub and costs nobody") {
        Hubs hubs;
        hubs.now->enter("ada");
        const ClientNumber bob = hubs.now->enter("bob").number;
        hubs.now->box.at("client " + std::to_string(bob)).bytes = "nonsense";
        CHECK_THROWS_AS(hubs.take_over(false), common::UserError);
        char byte{};
        CHECK(::recv(hubs.now->handlers.at(bob).get(), &byte, 1, MSG_DONTWAIT) == -1); // its pair is there
    }

    TEST_CASE("members of a room that the configuration no longer has leave it when the new hub stays") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number, bobs = hubs.now->enter("bob").number,
                           eves = hubs.now->enter("eve", "cellar").number;
        hubs.now->join(ada, "cellar");
        const std::uint32_t cellar = hubs.now->room("cellar").number();
        const auto say = [&](const std::string& words) {
            return SayFrame::make(words, cellar, static_cast<std::uint8_t>(Kind::said), std::uint8_t{0});
        };
        const std::string said = hubs.now->with_serial(ada, say("late"));
        hubs.configured = std::vector{room_settings("lobby")};
        hubs.die();
        CHECK_EQ(hubs.now->room("cellar").members().size(), 2); // the old hub may go on
        CHECK_EQ(hubs.now->heard(adas), "again");
        hubs.answer_again(adas, 0);
        hubs.stay();
        CHECK_EQ(hubs.now->heard(adas), "closed");
        CHECK(hubs.now->is_here(adas));
        CHECK_EQ(hubs.now->heard(eves), "again"); // the line is not written yet
        CHECK_FALSE(hubs.now->is_here(eves));
        CHECK_EQ(hubs.now->heard(bobs), "again");
        hubs.now->send(*hubs.now->people.find(adas), said); // her handler has not heard of it yet
        CHECK_EQ(hubs.now->heard(adas), HubHouse::refused(Refusal::no_such_room));
        CHECK_EQ(hubs.now->said_in("cellar"), "10, 10");
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(eves), HubHouse::dismissed(Farewell::rooms_closed));
        CHECK(hubs.now->rooms.find("cellar") == nullptr);
        CHECK_FALSE(hubs.now->box.contains(common::text("room ", cellar)));
        CHECK(hubs.now->killed.empty());
        hubs.die(); // and the next one knows it, too
        hubs.answer_again(adas, 1);
        hubs.now->send(*hubs.now->people.find(adas), say("later"));
        CHECK_EQ(hubs.now->heard(adas),
                 common::text("again, closed, ", HubHouse::refused(Refusal::no_such_room)));
    }

    TEST_CASE("a handler is told once more of a room that was closed when a death may have lost it") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        hubs.now->join(ada, "cellar");
        hubs.configured = std::vector{room_settings("lobby")};
        hubs.die();
        hubs.answer_again(adas, 0);
        hubs.now->keeper_takes_all = false;
        hubs.stay();
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(adas), "again"); // it waits for the keeper
        CHECK(hubs.now->rooms.find("cellar") == nullptr);
        hubs.die();
        CHECK_EQ(hubs.now->heard(adas), "again");
        for (int times = 0; times < 2; ++times) {
            hubs.answer_again(adas, 0);
            CHECK_EQ(hubs.now->heard(adas), times == 0 ? "closed" : "");
        }
    }

    TEST_CASE("who is ignored and has come back is known when a death may have lost that") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        Client& eve = hubs.now->enter("eve");
        const ClientNumber adas = ada.number, eves = eve.number, bobs = hubs.now->enter("bob").number;
        const auto ignore = [&](ClientNumber who, const std::string& whom) {
            hubs.now->send(*hubs.now->people.find(who), IgnoreFrame::make(whom));
            hubs.now->heard(who);
        };
        hubs.now->resumption.give_token(ada);
        const std::string token = hubs.now->next_frame(adas)->as<TokenFrame>().second;
        ignore(adas, "bob");
        ignore(eves, "ada");
        hubs.now->departures.end(ada);
        hubs.now->settle();
        Client& back = hubs.now->arrive();
        const ClientNumber backs = back.number;
        const std::string request = hubs.now->with_serial(
            back, ResumeFrame::make(token, std::uint64_t{0}, std::uint8_t{0}, std::uint8_t{32}));
        hubs.now->keeper_takes_all = false;
        hubs.now->send(back, request);
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(backs) + hubs.now->heard(eves), ""); // it waits for the keeper
        hubs.die();
        hubs.answer_again(backs, 1);
        CHECK_EQ(hubs.now->heard(eves), "again, known_as"); // before ada can say anything
        hubs.answer_again(eves, 0);
        const auto known_as = hubs.now->next_frame(eves);
        REQUIRE(known_as);
        CHECK_EQ(std::get<0>(known_as->as<KnownAsFrame>().first), adas);
        CHECK_EQ(known_as->as<KnownAsFrame>().second.size(), std::string{"ada"}.size() + 2 * Former::size);
        hubs.now->send(*hubs.now->people.find(backs), request);
        CHECK_EQ(hubs.now->heard(backs), "again, known_as, token, resumed, entered");
        hubs.answer_again(bobs, 0);
        CHECK_EQ(hubs.now->heard(bobs), "again");
    }

    TEST_CASE("a hub that dies while a room closes is followed by one that closes it") {
        Hubs hubs;
        Client& ada = hubs.now->enter("ada");
        const ClientNumber adas = ada.number;
        hubs.now->join(ada, "cellar");
        hubs.configured = std::vector{room_settings("lobby")};
        hubs.die();
        hubs.stay();
        hubs.now->rooms.flush(); // it stands in the log that she has left
        hubs.die();
        CHECK(hubs.now->is_here(adas));
        CHECK_EQ(hubs.now->heard(adas), "again, closed, again, closed");
        CHECK_EQ(hubs.now->said_in("cellar"), "10, 11");
        hubs.now->settle();
        CHECK_EQ(hubs.now->room().members().size(), 1);
        CHECK(hubs.now->rooms.find("cellar") == nullptr);
    }

    TEST_CASE("clients of a listener that there is no more leave when the new hub stays") {
        Hubs hubs;
        const auto enter = [&](const std::string& name, const std::string& listener) {
            Client& client = hubs.now->enter(name);
            client.listener = listener;
            client.is_changed = true;
            hubs.now->answers.confirm(client);
            hubs.now->heard(client.number);
            return client.number;
        };
        const ClientNumber here = enter("ada", "listen here"), gone = enter("bob", "listen there"),
                           passed = enter("eve", "inherited there"), unknown = enter("carl", "");
        hubs.die();
        for (const ClientNumber one : {here, gone, passed, unknown}) CHECK(hubs.now->is_here(one));
        hubs.stay();
        for (const ClientNumber one : {here, passed, unknown}) CHECK(hubs.now->is_here(one));
        CHECK_FALSE(hubs.now->is_here(gone));
        hubs.now->settle();
        CHECK_EQ(hubs.now->heard(gone),
                 common::text("again, ", HubHouse::dismissed(Farewell::not_listening)));
    }

    TEST_CASE("a room's new settings are in force after a takeover and a new code begins a new segment") {
        Hubs hubs;
        const ClientNumber adas = hubs.now->enter("ada", "cellar").number;
        const std::uint32_t before = hubs.now->room("cellar").log().last_segment();
        const std::uint32_t entry = hubs.now->room("cellar").entry();
        RoomSettings cellar = room_settings("cellar", "open");
        cellar.max_members = 3;
        hubs.configured = std::vector{room_settings("lobby"), cellar};
        hubs.die();
        CHECK_EQ(hubs.now->room("cellar").settings().max_members, 3);
        CHECK_EQ(hubs.now->room("cellar").log().last_segment(), before + 1);
        CHECK(hubs.now->room("cellar").entry() != entry);
        CHECK(hubs.now->people.find(adas)->is_in(hubs.now->room("cellar")));
    }

    TEST_CASE("an answer waits until the keeper has what it rests on") {
        HubHouse house;
        Client& ada = house.enter("ada");
        house.keeper_takes_all = false;
        house.send(ada, AwayFrame::make("lunch", std::uint8_t{1}));
        CHECK_EQ(house.heard(ada.number), "");
        house.keeper_takes_all = true;
        house.answers.on_deposited();
        CHECK_EQ(house.heard(ada.number), "accepted");
    }
}
