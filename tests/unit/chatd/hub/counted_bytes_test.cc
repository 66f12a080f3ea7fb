// SPDX-License-Identifier: ISC
// How many bytes of chat(1) were dealt with, over the death of a hub: what is not known for certain is not
// told.
#include "chatd/hub/resumption.hh"
#include "tests/unit/chatd/hub/hubs.hh"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE(
        "how many bytes were dealt with is known when the handler has told it and else no place is taken") {
        const std::string unknown = HubHouse::refused(Refusal::wrong_token);
        enum class Ends { before, here, repeated, held_back, unanswered, last, unread };
        struct Case {
            Ends ends;
            std::string wanted;
        };
        const std::vector<Case> cases{{Ends::before, unknown},        // of the second hub
                                      {Ends::here, "resumed 40"},     // which it has told it
                                      {Ends::unanswered, unknown},    // before it has asked again
                                      {Ends::repeated, "resumed 60"}, // after that
                                      {Ends::held_back, unknown},
                                      {Ends::last, "resumed 60"}, // what it said when there was no hub
                                      {Ends::unread, unknown}};   // the like, and nothing was counted for it
        for (const Case& one : cases) {
            const Ends ends = one.ends;
            const std::string& wanted = one.wanted;
            CAPTURE(static_cast<int>(ends));
            Hubs hubs;
            std::string token;
            Client& ada = hubs.enter_with_token("ada", token);
            const ClientNumber adas = ada.number;
            const std::string said = hubs.now->with_serial(ada, hubs.say("once"));
            const std::string counted = CountedFrame::make({}, std::uint64_t{60});
            const bool is_read = ends != Ends::here && ends != Ends::last && ends != Ends::unread;
            if (is_read) {
                hubs.now->send(ada, counted);
                hubs.now->send(ada, said);
                hubs.now->rooms.flush();
            }
            if (ends == Ends::last) hubs.put_into_pair(adas, counted);
            if (ends == Ends::last || ends == Ends::unread) hubs.put_into_pair(adas, said);
            hubs.die();
            if (ends == Ends::held_back) hubs.now->settings.flood = {1, 1000};
            if (ends == Ends::held_back)
                hubs.now->people.find(adas)->bucket.take(hubs.now->settings.flood, 2, common::Clock::now());
            if (ends == Ends::here) hubs.answer_again(adas, 0, 40);
            if (ends == Ends::unanswered || ends == Ends::repeated || ends == Ends::held_back)
                hubs.answer_again(adas, 1, 40);
            if (ends == Ends::repeated || ends == Ends::held_back) {
                hubs.now->send(*hubs.now->people.find(adas), counted);
                hubs.now->send(*hubs.now->people.find(adas), said);
            }
            hubs.end_handler(adas);
            CHECK_FALSE(hubs.now->is_here(adas));
            CHECK_EQ(hubs.now->said_in("lobby"), ends == Ends::here ? "10, 11" : "10, 12 once, 11");
            hubs.now->settings.flood.lines = 0;
            CHECK_EQ(hubs.come_again(token), wanted);
            if (wanted != unknown) continue;
            hubs.die(); // of which the next one knows the same
            CHECK_EQ(hubs.come_again(token), unknown);
            const ClientNumber person = hubs.now->arrive().number; // who does not count
            hubs.now->send(*hubs.now->people.find(person),
                           ResumeFrame::make(token, std::uint64_t{0}, std::uint8_t{0}, std::uint8_t{32}));
            hubs.now->settle();
            CHECK_EQ(hubs.now->heard(person), "token, resumed, entered");
        }
    }

    TEST_CASE("a repeated request that was answered already is dealt with and so are its bytes") {
        Hubs hubs;
        std::string token;
        Client& ada = hubs.enter_with_token("ada", token);
        const ClientNumber adas = ada.number;
        const std::string request = hubs.now->with_serial(ada, AwayFrame::make("tea", std::uint8_t{1}));
        hubs.now->send(ada, CountedFrame::make({}, std::uint64_t{60}));
        hubs.now->send(ada, request);
        hubs.die();
        hubs.answer_again(adas, 1, 40);
        hubs.now->send(*hubs.now->people.find(adas), CountedFrame::make({}, std::uint64_t{60}));
        hubs.now->send(*hubs.now->people.find(adas), request);
        hubs.end_handler(adas);
        CHECK_EQ(hubs.come_again(token), "resumed 60");
    }

    TEST_CASE("of whom the logs say that it has left the bytes are known if its ticket was deposited") {
        for (const bool was_deposited : {false, true}) {
            CAPTURE(was_deposited);
            Hubs hubs;
            std::string token;
            Client& ada = hubs.enter_with_token("ada", token);
            hubs.now->send(ada, CountedFrame::make({}, std::uint64_t{60}));
            hubs.now->send(ada, hubs.say("once"));
            hubs.now->settle();
            const std::string label = common::text("client ", ada.number);
            const std::string record = hubs.now->box.at(label).bytes;
            const common::Fd pair = common::duplicate(hubs.now->box.at(label).fd.get());
            hubs.now->departures.end(ada);
            if (was_deposited) {
                hubs.now->settle();
                hubs.now->box[label] = {record, common::duplicate(pair.get())}; // not withdrawn yet
            } else
                hubs.now->rooms.flush();
            hubs.die();
            hubs.now->settle();
            CHECK_EQ(hubs.now->said_in("lobby"), "10, 12 once, 11");
            CHECK_EQ(hubs.come_again(token),
                     was_deposited ? "resumed 60" : HubHouse::refused(Refusal::wrong_token));
        }
    }

    TEST_CASE("a connection that is dead and of whose bytes nothing is known makes way for a newcomer") {
        Hubs hubs;
        std::string token;
        const ClientNumber adas = hubs.enter_with_token("ada", token).number;
        hubs.die();
        CHECK_EQ(hubs.come_again(token), HubHouse::refused(Refusal::wrong_token));
        CHECK_FALSE(hubs.now->is_here(adas));
        CHECK_FALSE(hubs.now->people.find("ada"));
    }

    TEST_CASE("who can look for its own lines takes its rooms again though nothing is known of its bytes") {
        Hubs hubs;
        std::string token;
        Client& ada = hubs.enter_with_token("ada", token);
        const ClientNumber adas = ada.number;
        hubs.now->join(ada, "cellar");
        hubs.now->send(ada, hubs.say("once")); // in the lobby
        hubs.now->settle();
        hubs.die();
        hubs.end_handler(adas);
        const auto come = [&](std::string& request) {
            const ClientNumber number = hubs.now->arrive().number;
            request = hubs.now->with_serial(
                *hubs.now->people.find(number),
                ResumeFrame::make(token, std::uint64_t{0}, counts_or_looks, std::uint8_t{32}));
            hubs.now->send(*hubs.now->people.find(number), request);
            return number;
        };
        std::string request;
        ClientNumber number = come(request);
        SUBCASE("at once") { hubs.now->settle(); }
        SUBCASE("by a hub that follows the one that was asked") {
            hubs.now->rooms.flush();
            hubs.die();
            REQUIRE(hubs.now->is_here(number));
            CHECK_EQ(hubs.now->heard(number), "again");
            hubs.answer_again(number, 1);
            hubs.now->send(*hubs.now->people.find(number), request);
            hubs.now->settle();
        }
        SUBCASE("once more when the answer was lost with the hub") {
            hubs.now->settle();
            hubs.now->heard(number);
            hubs.die();
            hubs.answer_again(number, 1);
            CHECK_EQ(hubs.now->heard(number), "again");
            hubs.now->send(*hubs.now->people.find(number), request);
        }
        CHECK_EQ(hubs.now->next_frame(number)->message, Message::token);
        const auto resumed = hubs.now->next_frame(number);
        REQUIRE(resumed);
        REQUIRE_EQ(resumed->message, Message::resumed);
        const auto [fields, words] = resumed->as<ResumedFrame>();
        CHECK_EQ(std::get<0>(fields), 2);
        CHECK_EQ(std::get<1>(fields), unknown_count);
        CHECK_EQ(words, "ada"); // and not who it was: what that said is to be shown
        for (const char* const room : {"cellar", "lobby"}) { // the last one is where it speaks
            const auto entered = hubs.now->next_frame(number);
            REQUIRE(entered);
            CHECK_EQ(std::get<0>(entered->as<EnteredFrame>().first), hubs.now->room(room).number());
        }
        CHECK_EQ(hubs.now->heard(number), "");
        CHECK_EQ(hubs.now->said_in("cellar"), "10, 11, 10");
        CHECK_EQ(hubs.now->people.find(number)->counted, 0);
    }

    TEST_CASE("who has no room to look in comes again as a newcomer") {
        Hubs hubs;
        std::string token;
        const ClientNumber adas = hubs.enter_with_token("ada", token).number;
        hubs.die();
        hubs.end_handler(adas);
        hubs.configured = std::vector{room_settings("lobby", "other")}; // which is entered with that
        hubs.die();
        CHECK_EQ(hubs.come_again(token, counts_or_looks), HubHouse::refused(Refusal::wrong_token));
    }

    TEST_CASE("a return that stands in the logs and of whose bytes nothing is known any more ends") {
        Hubs hubs;
        std::string token;
        hubs.enter_with_token("ada", token);
        Client& back = hubs.now->arrive();
        const ClientNumber number = back.number;
        const std::string request = hubs.now->with_serial(
            back, ResumeFrame::make(token, std::uint64_t{0}, std::uint8_t{1}, std::uint8_t{32}));
        hubs.now->send(back, request); // which ends the connection of before
        hubs.now->rooms.flush();
        hubs.die();
        REQUIRE(hubs.now->is_here(number));
        hubs.answer_again(number, 1);
        hubs.now->send(*hubs.now->people.find(number), request);
        hubs.now->settle();
        CHECK_FALSE(hubs.now->is_here(number));
        CHECK_EQ(hubs.now->said_in("lobby"), "10, 11, 10, 11");
        CHECK_EQ(hubs.come_again(token), HubHouse::refused(Refusal::wrong_token));
        CHECK(hubs.now->killed.empty());
    }
}
