// SPDX-License-Identifier: ISC
// Taking one's place again with a token.
#include "chatd/hub/resumption.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>

using namespace chatd;

namespace {

struct Broken : HubHouse {
    std::string token_of(Client& client) {
        resumption.give_token(client);
        return next_frame(client.number)->as<TokenFrame>().second;
    }
    // place: of each room that chat(1) tells of, its number and the first line not shown.
    std::string resume(const Client& client, const std::string& token, std::uint64_t last_line = 0,
                       bool counts = false, const std::string& place = {}) {
        const ClientNumber number = client.number;
        send(client, ResumeFrame::make(token + place, last_line, static_cast<std::uint8_t>(counts),
                                       static_cast<std::uint8_t>(token.size())));
        settle();
        return heard(number);
    }
    static std::string place_of(const Room& room, std::uint64_t from) {
        const auto packed = PlaceRoom::pack(room.number(), from);
        return {packed.begin(), packed.end()};
    }
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a token brings back name and rooms once and shows what was missed") {
        Broken house;
        Client& ada = house.enter("Ada");
        house.join(ada, "cellar");
        ada.last_room = &house.room();
        const std::string token = house.token_of(ada);
        house.departures.end(ada);
        house.settle();
        Client& back = house.arrive();
        CHECK(house.resume(back, token, 1) == "token, resumed, entered, entered");
        CHECK(back.name == "Ada");
        CHECK(back.state == Client::State::inside);
        REQUIRE(back.rooms.size() == 2);
        CHECK(back.rooms[0].room == &house.room("cellar")); // the room that it was in last comes last
        CHECK(back.rooms[0].shown_from == 1);
        CHECK(back.rooms[1].shown_from == 2); // behind the line that it had seen there
        CHECK_FALSE(back.owes_answer);
        Client& again = house.arrive();
        CHECK(house.resume(again, token) == HubHouse::refused(Refusal::wrong_token));
    }

    TEST_CASE("a connection that is dead and has not told us makes way for its own token") {
        Broken house;
        Client& ghost = house.enter("ada");
        const ClientNumber ghosts = ghost.number;
        const std::string token = house.token_of(ghost);
        house.settings.resume_time = std::chrono::seconds{0}; // since then: its ticket expires at once
        Client& back = house.arrive();
        CHECK(house.resume(back, token) == "resumed, entered");
        CHECK_FALSE(house.is_here(ghosts));
        CHECK(house.heard(ghosts) == HubHouse::dismissed(Farewell::resumed_elsewhere));
        CHECK(house.people.find("ada") == &back);
    }

    TEST_CASE("who has said good-bye does not come back with its token") {
        Broken house;
        Client& ada = house.enter("ada");
        const std::string token = house.token_of(ada);
        ada.has_quit = true;
        Client& back = house.arrive();
        CHECK(house.resume(back, token) == HubHouse::refused(Refusal::wrong_token));
        CHECK(back.state == Client::State::naming);
    }

    TEST_CASE("a token is of no use while its name is another's or banned and good afterwards") {
        Broken house;
        Client& ada = house.enter("ada");
        const std::string token = house.token_of(ada);
        house.departures.end(ada);
        const ClientNumber others = house.enter("ADA").number;
        Client& back = house.arrive();
        CHECK(house.resume(back, token) == HubHouse::refused(Refusal::name_taken));
        house.departures.end(*house.people.find(others));
        house.bans.add({"ada", "", {}, ""});
        CHECK(house.resume(back, token) == HubHouse::refused(Refusal::name_banned));
        house.bans.remove("ada", "");
        CHECK(house.resume(back, token) == "token, resumed, entered");
    }

    TEST_CASE("the fourth wrong token ends the handler that did not count") {
        Broken house;
        Client& back = house.arrive();
        const ClientNumber number = back.number;
        for (unsigned tries = 0; tries < max_tries; ++tries)
            CHECK(house.resume(back, std::string(32, '0')) == HubHouse::refused(Refusal::wrong_token));
        CHECK(house.resume(back, std::string(32, '0')) == "");
        CHECK_FALSE(house.is_here(number));
    }

    TEST_CASE("a program that counts tells its place and hears what was dealt with and who it was") {
        Broken house;
        Client& ada = house.enter("ada");
        const ClientNumber adas = ada.number;
        const std::string token = house.token_of(ada);
        house.send(ada, CountedFrame::make({}, std::uint64_t{40}));
        house.send(ada, AwayFrame::make("tea", std::uint8_t{1}));
        house.send(ada, CountedFrame::make({}, std::uint64_t{60})); // of which nothing follows
        house.departures.end(ada);
        house.settle();
        Client& back = house.arrive();
        const std::string frame = token + Broken::place_of(house.room(), 2);
        house.send(back, ResumeFrame::make(frame, std::uint64_t{0}, std::uint8_t{1}, std::uint8_t{32}));
        CHECK(house.heard(back.number).empty()); // until it stands in the logs
        house.settle();
        CHECK(back.rooms.at(0).shown_from == 2);
        CHECK(back.formers == std::vector<ClientNumber>{adas});
        CHECK(house.next_frame(back.number)->message == Message::token);
        const auto resumed = house.next_frame(back.number);
        REQUIRE(resumed);
        const auto [fields, words] = resumed->as<ResumedFrame>();
        CHECK(std::get<0>(fields) == 1); // rooms
        CHECK(std::get<1>(fields) == 40);
        CHECK(words.substr(0, 3) == "ada");
        CHECK(words.size() == 3 + Former::size);
        CHECK(house.tickets.find(token, common::Clock::now())); // good until the new one has arrived
    }

    TEST_CASE("a room whose code is another by now is left out") {
        Broken house;
        Client& ada = house.enter("ada");
        house.join(ada, "cellar");
        const std::string token = house.token_of(ada);
        house.departures.end(ada);
        house.settings.rooms[1].code = "other";
        house.rooms.configure(house.settings.rooms);
        Client& back = house.arrive();
        CHECK(house.resume(back, token) == "token, resumed, entered");
        REQUIRE(back.rooms.size() == 1);
        CHECK(back.rooms[0].room == &house.room());
    }

    TEST_CASE("a newcomer that was shown the rooms before goes on there and only once and in their logs") {
        Broken house;
        Client& ada = house.enter("ada"); // line 1 of the lobby
        for (int i = 0; i < 3; ++i) house.rooms.add_line(house.room(), Kind::said, &ada, "hello");
        house.settle();
        Client& back = house.arrive();
        house.send(back,
                   SeenFrame::make(Broken::place_of(house.room(), 3) +
                                   Broken::place_of(house.room("cellar"), 100))); // of a log that is lost
        house.send(back, NameFrame::make("bob"));
        house.send(back, EnterFrame::make("", std::uint8_t{0}));
        house.settle();
        CHECK(back.rooms.at(0).shown_from == 3);
        house.heard(back.number);
        house.send(back, LeaveFrame::make({}, house.room().number()));
        house.settle();
        house.send(back, EnterFrame::make("lobby", std::uint8_t{0}));
        house.settle();
        CHECK(back.rooms.at(0).shown_from > 4);
        house.heard(back.number);
        house.send(back, EnterFrame::make("sesame", std::uint8_t{0}));
        house.settle();
        CHECK(back.rooms.at(1).shown_from == 1);
        const ClientNumber cut = house.arrive().number;
        house.send(*house.people.find(cut), SeenFrame::make("cut"));
        CHECK_FALSE(house.is_here(cut));
    }

    TEST_CASE("rooms that are gone or closed to it are left out and the name is back all the same") {
        Broken house;
        Client& ada = house.enter("ada");
        house.join(ada, "cellar");
        const std::string token = house.token_of(ada);
        house.departures.end(ada);
        house.bans.add({"ada", "cellar", {}, ""});
        Client& back = house.arrive();
        CHECK(house.resume(back, token) == "token, resumed, entered");
        REQUIRE(back.rooms.size() == 1);
        CHECK(back.rooms[0].room == &house.room());
    }

    TEST_CASE("a place that is cut off or a token longer than its frame ends the handler") {
        Broken house;
        const ClientNumber first = house.arrive().number, second = house.arrive().number;
        house.resume(*house.people.find(first), std::string(32, '0'), 0, true, "cut");
        CHECK_FALSE(house.is_here(first));
        house.send(*house.people.find(second),
                   ResumeFrame::make("short", std::uint64_t{0}, std::uint8_t{0}, std::uint8_t{6}));
        CHECK_FALSE(house.is_here(second));
    }

    TEST_CASE("no token is given where resume-time is 0") {
        Broken house;
        house.settings.resume_time = std::chrono::seconds{0};
        Client& ada = house.enter("ada");
        house.resumption.give_token(ada);
        CHECK(house.heard(ada.number) == "");
        CHECK_FALSE(house.tickets.of(ada.number));
    }
}
