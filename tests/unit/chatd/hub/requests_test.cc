// SPDX-License-Identifier: ISC
// Which frame is for which state, flood control, and the end of a pair.
#include "chatd/hub/requests.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <chrono>
#include <cmath>
#include <doctest/doctest.h>
#include <ratio>
#include <system_error>
#include <vector>

using namespace chatd;

namespace {

std::string say_frame(const HubHouse& house, const std::string& words) {
    return SayFrame::make(words, house.rooms.all().find("lobby")->second.number(),
                          static_cast<std::uint8_t>(Kind::said), std::uint8_t{0});
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a frame out of its turn or that no handler sends or that is too short ends the handler") {
        HubHouse house;
        const auto ends = [&](ClientNumber number, const std::string& frame) {
            house.send(*house.people.find(number), frame);
            CHECK_FALSE(house.is_here(number));
            CHECK(house.killed.back() == number);
        };
        ends(house.arrive().number, EnterFrame::make("", std::uint8_t{0}));
        ends(house.arrive().number, say_frame(house, "hello"));
        ends(house.enter("ada").number, NameFrame::make("eve"));
        ends(house.enter("ada").number, AcceptedFrame::make(""));
        ends(house.enter("ada").number, SpawnedFrame::make("", std::uint64_t{1}, std::int64_t{1}));
        ends(house.enter("ada").number, "\1");
        ends(house.enter("ada").number, NickFrame::make(std::string(max_name + 1, 'x')));
        ends(house.enter("ada").number, LeaveFrame::make({}, house.room("cellar").number()));
        CHECK(house.killed.size() == 8);
        CHECK(house.logged().find("is killed: a frame out of its turn\n") != std::string::npos);
    }

    TEST_CASE("whom the hub works for is told and that it is over also when something goes wrong") {
        HubHouse house;
        std::vector<ClientNumber> told;
        house.requests.tell_turns([&](ClientNumber client) { told.push_back(client); });
        Client& ada = house.enter("ada");
        const ClientNumber adas = ada.number;
        house.send(ada, say_frame(house, "hello"));
        CHECK(told == std::vector<ClientNumber>{adas, 0});
        told.clear();
        ada.pair.reset(); // which cannot be read
        CHECK_THROWS_AS(house.requests.read(adas), std::system_error);
        CHECK(told == std::vector<ClientNumber>{adas, 0});
    }

    TEST_CASE("what a handler writes on its standard error is in the log and is no frame") {
        HubHouse house;
        Client& ada = house.enter("ada");
        for (const std::string& words : {std::string{"free(): "}, std::string{"invalid\x1b pointer"},
                                         std::string{"\n"}, std::string(max_frame + 1, 'x')})
            house.send(ada, words);
        house.send(ada, say_frame(house, "still here"));
        CHECK(house.is_here(ada.number));
        CHECK(house.logged().find("]: standard error: free(): invalid\\x1b pointer\n") != std::string::npos);
        house.send(ada, std::string(max_frame + 1, '\1'));
        CHECK(house.killed.size() == 1);
    }

    TEST_CASE("a second frame before the first was answered ends the handler but for what is not answered") {
        HubHouse house;
        Client& ada = house.enter("ada");
        const ClientNumber adas = ada.number;
        house.send(ada, say_frame(house, "one"));
        house.send(ada, TookFrame::make({}, std::uint32_t{1}));
        house.send(ada, CountedFrame::make({}, std::uint64_t{1}));
        house.send(ada, HereFrame::make({}, 1U, house.room().number(), std::uint64_t{1}, 0U));
        CHECK(house.is_here(adas));
        house.send(ada, say_frame(house, "two"));
        CHECK_FALSE(house.is_here(adas));
        house.settle(); // and nobody is answered
        CHECK(house.said_in("lobby") == "10, 12 one, 11");
    }

    TEST_CASE("a request that comes again is passed over without a word in whatever state its client is") {
        HubHouse house;
        Client& ada = house.arrive();
        const ClientNumber adas = ada.number;
        const std::string name = house.with_serial(ada, NameFrame::make("ada"));
        for (int times = 0; times < 3; ++times) house.send(ada, name);
        CHECK(house.heard(adas) == "accepted");
        const std::string enter = house.with_serial(ada, EnterFrame::make({}, std::uint8_t{0}));
        for (int times = 0; times < 2; ++times) house.send(ada, enter); // also while it is unanswered
        house.settle();
        house.send(ada, enter);
        house.send(ada, name);
        CHECK(house.heard(adas) == "token, entered");
        const std::string lines = house.with_serial(ada, say_frame(house, "one\ntwo\nthree"));
        house.send(ada, lines);
        house.send(ada, lines);
        house.settle();
        house.send(ada, lines);
        for (const std::uint32_t inside : {4U, 5U}) { // of its lines
            std::string leave = LeaveFrame::make({}, house.room().number());
            set_serial(leave, inside);
            house.send(ada, leave);
        }
        CHECK(house.heard(adas) == "accepted");
        CHECK(ada.serial == 3);
        CHECK(ada.taken == 5);
        house.send(ada, say_frame(house, "four"));
        house.settle();
        CHECK(house.heard(adas) == "accepted");
        CHECK(house.said_in("lobby") == "10, 12 one, 12 two, 12 three, 12 four");
    }

    TEST_CASE("each line stands in the log with the serial of its own and nobody's end has one") {
        HubHouse house;
        Client& ada = house.enter("ada");
        house.send(ada, say_frame(house, "one\ntwo"));
        house.settle();
        house.send(ada, TopicFrame::make("tea", house.room().number()));
        house.settle();
        house.rooms.add_line(house.room(), Kind::announced, nullptr, "all");
        house.departures.end(ada);
        house.settle();
        LogReader reader{house.room().log().open_segment(1).fd, 0};
        std::string serials;
        for (Record record; reader.next(record) == LogReader::Result::record;)
            serials += common::text(static_cast<int>(record.kind), ':', record.serial, ' ');
        CHECK(serials == "1:0 10:0 12:1 12:2 16:3 13:0 11:0 ");
    }

    TEST_CASE("a request without a serial is none and one with serials beyond the last ends the handler") {
        HubHouse house;
        Client& ada = house.enter("ada");
        const ClientNumber adas = ada.number;
        common::send_packet(house.handlers.at(adas).get(), WhoFrame::make("lobby", std::uint32_t{0}));
        house.requests.read(adas);
        CHECK(house.heard(adas).empty());
        std::string last = say_frame(house, "one");
        set_serial(last, UINT32_MAX);
        house.send(ada, last);
        house.settle();
        CHECK(house.heard(adas) == "accepted");
        Client& bob = house.enter("bob");
        std::string beyond = say_frame(house, "one\ntwo");
        set_serial(beyond, UINT32_MAX);
        house.send(bob, beyond);
        CHECK(house.killed.size() == 1);
        Client& eve = house.enter("eve");
        house.send(eve, WhoFrame::make("lobby", std::uint32_t{0}).substr(0, 5));
        CHECK(house.killed.size() == 2);
    }

    TEST_CASE("a handler says where its client is and how far its bytes are and takes nothing back") {
        HubHouse house;
        Client& ada = house.enter("ada");
        house.join(ada, "cellar");
        const auto here = [&](std::uint32_t room, std::uint64_t bytes) {
            house.send(ada, HereFrame::make({}, 1U, room, bytes, 0U));
        };
        here(house.room().number(), 70);
        CHECK(ada.last_room == &house.room());
        CHECK(ada.announced == 70);
        CHECK(ada.counted == 70);
        here(house.room("cellar").number(), 60); // what it has asked since was dealt with before this
        CHECK(ada.last_room == &house.room("cellar"));
        CHECK(ada.announced == 70);
        CHECK(ada.counted == 70);
        for (const std::uint32_t nowhere : {0U, 4711U}) here(nowhere, 0);
        CHECK(ada.last_room == &house.room("cellar"));
        CHECK(house.heard(ada.number).empty());
        Client& newcomer = house.arrive(); // in every state
        house.send(newcomer, HereFrame::make({}, 1U, std::uint32_t{0}, std::uint64_t{0}, 0U));
        CHECK(house.killed.empty());
    }

    TEST_CASE("who says too much is told once and waits with what it has said") {
        HubHouse house;
        house.settings.flood = {2, 1000};
        Client& ada = house.enter("ada");
        const auto say = [&](const std::string& words) {
            house.send(ada, say_frame(house, words));
            house.settle();
            return house.heard(ada.number);
        };
        CHECK(say("one") == "accepted");
        CHECK(say("two") == "accepted");
        CHECK(say("three") == "slowed");
        CHECK(ada.owes_answer);
        CHECK_FALSE(ada.held.empty());
        CHECK(house.said_in("lobby") == "10, 12 one, 12 two");
        house.settings.flood.lines = 0; // so that its time has come
        house.departures.end(ada);      // and nothing of it is said any more
        house.settle();
        CHECK(house.said_in("lobby") == "10, 12 one, 12 two, 11");
    }

    TEST_CASE("of lines that come together none is said before all of them may be") {
        HubHouse house;
        house.settings.flood = {3, 1};
        Client& ada = house.enter("ada");
        house.send(ada, say_frame(house, "one\ntwo"));
        house.settle();
        CHECK(house.heard(ada.number) == "accepted");
        house.send(ada, say_frame(house, "three\nfour\nfive\nsix\nseven"));
        house.settle();
        CHECK(house.heard(ada.number) == "slowed");
        CHECK(house.said_in("lobby") == "10, 12 one, 12 two");
        const auto began = common::Clock::now();
        while (!ada.held.empty()) house.loop.run_once(nullptr, true);
        CHECK(common::Clock::now() - began >
              std::chrono::milliseconds{1200}); // for four more than there were
        house.settle();
        CHECK(house.heard(ada.number) == "accepted");
        CHECK(house.said_in("lobby") == "10, 12 one, 12 two, 12 three, 12 four, 12 five, 12 six, 12 seven");
    }

    TEST_CASE("looking around is free and lines that come together are paid for together") {
        HubHouse house;
        house.settings.flood = {3, 1000};
        Client& ada = house.enter("ada");
        house.send(ada, say_frame(house, "one\ntwo\nthree"));
        house.settle();
        CHECK(house.heard(ada.number) == "accepted");
        for (int look = 0; look < 5; ++look) {
            house.send(ada, RoomsFrame::make({}, std::uint32_t{0}));
            CHECK(house.heard(ada.number) == "listing");
        }
        house.send(ada, say_frame(house, "four"));
        CHECK(house.heard(ada.number) == "slowed");
    }

    TEST_CASE("ignoring somebody is paid for as a line is") {
        HubHouse house;
        house.settings.flood = {2, 1000};
        Client& ada = house.enter("ada");
        house.enter("bob");
        for (int times = 0; times < 2; ++times) { // and not any more
            house.send(ada, IgnoreFrame::make("bob"));
            CHECK(house.heard(ada.number) == "accepted");
        }
        house.send(ada, IgnoreFrame::make("bob"));
        CHECK(house.heard(ada.number) == "slowed");
    }

    TEST_CASE("what all from one address do too much holds back each of them and nobody else") {
        HubHouse house;
        house.settings.flood_per_address = FloodLimit{10, 1000};
        Client &ada = house.enter("ada"), &bob = house.enter("bob");
        Client& eve = house.enter("eve", "lobby", "10.0.0.8");
        house.budgets.take(ada, 10, common::Clock::now());
        house.send(bob, say_frame(house, "one"));
        const auto told = house.next_frame(bob.number);
        REQUIRE(told);
        const auto [lines, seconds, by] = told->as<SlowedFrame>().first;
        CHECK(lines == 10);
        CHECK(seconds == 1000);
        CHECK(by == static_cast<std::uint8_t>(SlowedBy::address_lines));
        CHECK(bob.owes_answer);
        house.send(eve, say_frame(house, "two"));
        house.settle();
        CHECK(house.heard(eve.number) == "accepted");
        CHECK(house.said_in("lobby") == "10, 10, 10, 12 two");
        house.settings.flood_per_address = FloodLimit{0, 1}; // off
        house.send(ada, say_frame(house, "three"));
        house.settle();
        CHECK(house.heard(ada.number) == "accepted");
    }

    TEST_CASE("what is held back by its client's limit is held back by its address's then") {
        HubHouse house;
        house.settings.flood = {10, 1};
        house.settings.flood_per_address = FloodLimit{10, 1000};
        Client& ada = house.enter("ada");
        const ClientNumber adas = ada.number;
        house.send(ada, say_frame(house, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11"));
        CHECK(house.heard(adas) == "slowed");
        CHECK(ada.held_by == SlowedBy::own_lines);
        while (ada.held_by == SlowedBy::own_lines) house.loop.run_once(nullptr);
        CHECK(ada.held_by == SlowedBy::address_lines);
        CHECK(house.heard(adas) == "slowed");
        CHECK_FALSE(ada.held.empty());
        house.departures.end(ada);
        house.settle();
        CHECK(house.said_in("lobby") == "10, 11");
    }

    TEST_CASE("joins and leaves and pastes and history are paid by the address and lists are free") {
        HubHouse house;
        house.settings.flood_per_address = FloodLimit{100, 1'000'000};
        Client& ada = house.enter("ada");
        const ClientNumber adas = ada.number;
        house.budgets.take(ada, 200, common::Clock::now()); // so that what is missing can be seen
        const auto missing = [&] {
            using LinesTime = std::chrono::duration<double, std::ratio<10'000>>; // of one line
            return LinesTime{house.budgets.take(ada, 0, common::Clock::now())}.count();
        };
        const auto cost_of = [&](const std::string& frame) {
            const double before = missing();
            house.send(ada, frame);
            const auto cost = std::lround(missing() - before);
            CHECK((house.heard(adas) == "slowed") == !ada.held.empty());
            house.loop.cancel(ada.held_until); // it is never dealt with
            ada.held.clear();
            ada.owes_answer = false;
            ada.was_told_to_wait.reset();
            return cost;
        };
        const std::uint32_t lobby = house.room().number();
        const auto said = static_cast<std::uint8_t>(Kind::said);
        std::string paste = "1";
        for (int number = 2; number <= 41; ++number) paste += common::text('\n', number);
        CHECK(cost_of(say_frame(house, "one\ntwo")) == 2);
        CHECK(cost_of(SayFrame::make(paste, lobby, said, std::uint8_t{1})) == 5);
        CHECK(cost_of(EnterFrame::make("", std::uint8_t{0})) == 1);
        CHECK(cost_of(LeaveFrame::make({}, lobby)) == 1);
        CHECK(cost_of(FindFrame::make({}, lobby, std::uint64_t{1})) == 1);
        CHECK(cost_of(NextFrame::make({}, lobby, std::uint32_t{0})) == 0); // the newest
        CHECK(cost_of(RoomsFrame::make({}, std::uint32_t{0})) == 0);
        CHECK(cost_of(WhoFrame::make("lobby", std::uint32_t{0})) == 0);
    }

    TEST_CASE("who leaves with the connection leaves the price to the address") {
        HubHouse house;
        house.settings.flood_per_address = FloodLimit{1, 1000};
        Client& ada = house.enter("ada");
        Client& bob = house.arrive();
        CHECK(house.budgets.is_untouched(bob, common::Clock::now()));
        house.departures.end(ada);
        CHECK(house.budgets.take(bob, 1, common::Clock::now()).count() > 0);
    }

    TEST_CASE("after too many wrong codes of an address the next waits and all that needs no code goes on") {
        HubHouse house;
        const auto come = [&](const std::string& name, const std::string& host) -> Client& {
            Client& client = house.arrive(host);
            house.people.give_name(client, name);
            client.state = Client::State::entering;
            return client;
        };
        const auto enter = [&](Client& client, const std::string& code) {
            house.send(client, EnterFrame::make(code, std::uint8_t{0}));
            house.settle();
            return house.heard(client.number);
        };
        Client &ada = come("ada", "10.0.0.7"), &bob = come("bob", "10.0.0.7"), &eve = come("eve", "10.0.0.8");
        for (int code = 0; code < 30; ++code) house.budgets.take_wrong_code(ada, common::Clock::now());
        CHECK(enter(ada, "wrong") == "slowed");
        CHECK(ada.held_by == SlowedBy::wrong_codes);
        CHECK(enter(bob, "help") == HubHouse::refused(Refusal::help_wanted));
        CHECK(enter(bob, "lobby") == "token, entered");
        CHECK(enter(bob, "sesame") == "slowed"); // nobody is to see sooner that it is right
        CHECK(enter(eve, "sesame") == "token, entered");
        CHECK(house.killed.empty());
    }

    TEST_CASE("right codes cost nothing and without codes no word is a wrong one") {
        HubHouse house;
        const auto come = [&] {
            Client& client = house.arrive();
            client.state = Client::State::entering;
            house.people.give_name(client, common::text("number", client.number % 100000));
            return client.number;
        };
        const auto enter = [&](ClientNumber number, const std::string& code) {
            house.send(*house.people.find(number), EnterFrame::make(code, std::uint8_t{0}));
            house.settle();
            return house.heard(number);
        };
        for (int client = 0; client < 30; ++client) CHECK(enter(come(), "sesame") == "token, entered");
        house.settings.rooms = {room_settings("lobby")};
        for (int client = 0; client < 30; ++client)
            CHECK(enter(come(), "loby") == HubHouse::refused(Refusal::wrong_code));
        CHECK(house.budgets.size() == 0);
    }

    TEST_CASE("frames that came before the end of a pair are heard and then the client is gone") {
        HubHouse house;
        Client& ada = house.enter("ada");
        const ClientNumber adas = ada.number;
        common::send_packet(house.handlers.at(adas).get(), house.with_serial(ada, say_frame(house, "last")));
        house.handlers.erase(adas);
        house.requests.read(adas);
        CHECK_FALSE(house.is_here(adas));
        house.settle();
        CHECK(house.said_in("lobby") == "10, 12 last, 11");
        CHECK(house.killed.empty());
        house.requests.read(adas); // an event of the same round
    }

    TEST_CASE("a pair that ends before its handler is known waits for what the spawner says") {
        HubHouse house;
        Client& client = house.arrive();
        client.arrival.emplace();
        house.handlers.erase(client.number);
        house.requests.read(client.number);
        CHECK(house.is_here(client.number));
        CHECK_FALSE(client.pair);
    }

    TEST_CASE("one handler has its share of a round and the rest in the next") {
        HubHouse house;
        Client& ada = house.enter("ada");
        for (unsigned frame = 0; frame < 20; ++frame)
            common::send_packet(house.handlers.at(ada.number).get(),
                                house.with_serial(ada, RoomsFrame::make({}, std::uint32_t{0})));
        const auto answers = [&] {
            const std::string heard = house.heard(ada.number);
            return std::count(heard.begin(), heard.end(), 'g');
        };
        house.requests.read(ada.number);
        CHECK(answers() == 16);
        house.loop.run_once(nullptr, false);
        CHECK(answers() == 4);
    }

    TEST_CASE("a handler that takes no answers is killed") {
        HubHouse house;
        Client& ada = house.enter("ada");
        for (int answer = 0; answer < 100000 && house.killed.empty(); ++answer) house.answers.confirm(ada);
        CHECK(house.killed == std::vector<ClientNumber>{ada.number});
    }

    TEST_CASE("a list goes over in pieces that each fit into a frame") {
        HubHouse house;
        Client& ada = house.enter("ada");
        const std::vector<std::string> lines(100, std::string(200, 'x'));
        std::uint32_t next = 0;
        std::string all;
        do {
            house.answers.list(ada, next, lines);
            const auto piece = house.next_frame(ada.number);
            REQUIRE(piece);
            const auto [fields, words] = piece->as<ListingFrame>();
            CHECK(words.size() <= max_listing);
            next = std::get<0>(fields);
            all += words;
        } while (next != 0);
        CHECK(all.size() == 100 * 201);
        house.answers.list(ada, 1000, lines); // skips more than there is
        CHECK(house.next_frame(ada.number)->as<ListingFrame>().second.empty());
    }

    TEST_CASE("a client whose handler has spoken is ended with its pair before the spawner has told of it") {
        HubHouse house;
        Client& late = house.enter("late");
        house.enter("ada");
        late.arrival.emplace(); // as long as nobody knows of its handler
        const ClientNumber number = late.number;
        house.send(late, WhoFrame::make("lobby", 0U));
        CHECK_FALSE(late.arrival);
        house.handlers.at(number).reset();
        house.requests.read(number);
        CHECK_FALSE(house.is_here(number));
        house.settle();
    }

    TEST_CASE("nothing is sent to a client whose pair has ended") {
        HubHouse house;
        Client& gone = house.enter("gone");
        gone.pair.reset();
        house.answers.confirm(gone);
        CHECK(house.killed.empty());
        house.departures.dismiss(gone, Farewell::kicked);
        CHECK(house.people.count() == 0);
    }
}
