// SPDX-License-Identifier: ISC
// What is told of others to those who want it: each change once, as far as they get rid of it, and later
// what was missed; and by the next hub, too.
#include "tests/unit/chatd/hub/hubs.hh"

#include <doctest/doctest.h>
#include <vector>

using namespace chatd;
using common::text;

namespace {

std::string shown_deed(const HubHouse::Frame& frame) {
    const auto [fields, words] = frame.as<ToldOfFrame>();
    const auto [deed, name, guest] = fields;
    return text(static_cast<int>(deed), ' ', words.substr(0, name), '/', words.substr(name, guest), '/',
                words.substr(std::size_t{name} + guest));
}

// What is told of others since the last time: "1 bob//tea; 2 bob//".
std::string told(HubHouse& house, ClientNumber client) {
    std::string all;
    while (const auto frame = house.next_frame(client))
        if (frame->message == Message::told_of) all += (all.empty() ? "" : "; ") + shown_deed(*frame);
    return all;
}

struct Watched : HubHouse {
    Watched() { wish(eve, wishes_presence | wishes_real_names | wishes_invitations); }
    void wish(const Client& client, unsigned wishes) {
        send(client, DescribeFrame::make("Eve", static_cast<std::uint8_t>(wishes)));
        heard(client.number);
    }
    void be_away(const Client& client, const std::string& why) {
        send(client, AwayFrame::make(why, static_cast<std::uint8_t>(why.empty() ? 0 : 1)));
        CHECK(heard(client.number) == "accepted");
    }
    void be_named(const Client& client, const std::string& real_name) {
        send(client, DescribeFrame::make(real_name, std::uint8_t{0}));
        CHECK(heard(client.number) == "accepted");
    }
    void take(const Client& client, std::uint32_t count) { send(client, TookFrame::make({}, count)); }
    std::string told_eve() { return told(*this, eve.number); }

    Client& ada = enter("ada");
    Client& bob = enter("bob");
    Client& eve = enter("eve");
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("who wants it is told that somebody in the same room is away or back or named anew") {
        Watched house;
        house.be_away(house.bob, "tea");
        house.be_away(house.bob, "tea"); // as before
        house.be_away(house.bob, "wine");
        house.be_away(house.bob, "");
        house.be_away(house.bob, "");
        house.be_named(house.bob, "Robert");
        house.be_named(house.bob, "Robert");
        CHECK(house.told_eve() == "1 bob//tea; 1 bob//wine; 2 bob//; 3 bob//Robert");
        CHECK(told(house, house.ada.number).empty());
        CHECK(told(house, house.bob.number).empty());
        house.be_away(house.eve, "me"); // nobody is told of oneself
        CHECK(house.told_eve().empty());
        house.wish(house.eve, wishes_real_names);
        house.be_away(house.bob, "tea");
        house.be_named(house.bob, "Bob");
        CHECK(house.told_eve() == "3 bob//Bob");
    }

    TEST_CASE("in however many rooms they meet it is told once and in none it is not told") {
        Watched house;
        house.join(house.bob, "cellar");
        house.join(house.eve, "cellar");
        house.be_away(house.bob, "tea");
        CHECK(house.told_eve() == "1 bob//tea");
        for (const std::string_view room : {"lobby", "cellar"}) {
            house.send(house.eve, LeaveFrame::make({}, house.room(room).number()));
            house.settle();
        }
        house.be_away(house.bob, "");
        CHECK(house.told_eve().empty());
    }

    TEST_CASE("whoever comes in and is away is told to those in that room after the log has it") {
        Watched house;
        house.be_away(house.bob, "tea");
        CHECK(house.told_eve() == "1 bob//tea");
        house.join(house.ada, "cellar");
        house.join(house.eve, "cellar");
        house.rooms.enter(house.room("cellar"), house.bob, 0);
        CHECK(house.told_eve().empty());
        house.settle();
        CHECK(house.told_eve() == "1 bob//tea");
        house.rooms.enter(house.room("cellar"), house.enter("cy"), 0);
        house.settle();
        CHECK(house.told_eve().empty());
    }

    TEST_CASE("what somebody has written who may not speak is told to nobody") {
        Watched house;
        house.mute("bob");
        house.be_away(house.bob, "shouting");
        house.be_named(house.bob, "SHOUTING");
        house.be_away(house.bob, "");
        CHECK(house.told_eve() == "1 bob//away; 2 bob//");
    }

    TEST_CASE("what somebody has written is told by any room where it may speak") {
        Watched house;
        for (Client* const client : {&house.bob, &house.eve}) house.join(*client, "cellar");
        for (const std::string_view muted_in : {"lobby", "cellar"}) {
            CAPTURE(muted_in);
            house.mute("bob", muted_in);
            house.be_away(house.bob, "tea");
            house.be_named(house.bob, text("Robert of ", muted_in));
            CHECK(house.told_eve() == text("1 bob//tea; 3 bob//Robert of ", muted_in));
            house.take(house.eve, 2);
            for (unsigned nth = 0; nth < Witnesses::most_waiting; ++nth)
                house.be_away(house.ada, text("wine ", muted_in, nth));
            house.told_eve();
            house.be_named(house.bob, text("Bob of ", muted_in));
            house.be_away(house.bob, "soup");
            house.take(house.eve, Witnesses::most_waiting);
            CHECK(house.told_eve() == text("3 bob//Bob of ", muted_in, "; 1 bob//soup"));
            house.take(house.eve, 2);
            house.unmute("bob", muted_in);
        }
        house.rooms.leave(house.room("cellar"), house.bob);
        house.mute("bob", "cellar");
        house.rooms.enter(house.room("cellar"), house.bob, 0);
        house.settle();
        CHECK(house.told_eve() == "1 bob//soup");
    }

    TEST_CASE("operators of a room who want it are told whom others invite there") {
        Watched house;
        house.arrive();
        Client& guest = house.enter("guest", "cellar");
        const auto invite = [&] {
            house.send(house.ada, TellAsFrame::make("guestlobby", static_cast<std::uint8_t>(Telling::invited),
                                                    std::uint64_t{0}, std::uint8_t{5}));
            CHECK(house.heard(house.ada.number) == "accepted");
            CHECK(house.heard(guest.number) == "told");
        };
        invite();
        CHECK(house.told_eve().empty());
        house.eve.operator_rooms = {"lobby"};
        invite();
        CHECK(house.told_eve() == "4 ada/guest/lobby");
    }

    TEST_CASE("who is behind is told later how it is then and keeps room for private messages") {
        Watched house;
        std::string expected;
        for (unsigned nth = 0; nth < Witnesses::most_waiting; ++nth)
            house.be_away(house.bob, text("tea ", nth));
        for (int cup = 0; cup < 100; ++cup) house.be_away(house.ada, text("wine ", cup));
        house.be_named(house.bob, "Robert");
        house.be_away(house.bob, "");
        house.be_named(house.ada, "Ada");
        house.send(house.ada, TellFrame::make("evepsst", std::uint64_t{0}, std::uint8_t{3}));
        CHECK(house.heard(house.ada.number) == "accepted");
        const std::string first = house.told_eve();
        CHECK(first.starts_with("1 bob//tea 0; "));
        CHECK(first.ends_with("; 1 bob//tea 15"));
        house.take(house.eve, 1); // that is the private message
        CHECK(house.told_eve().empty());
        house.take(house.eve, 15);
        CHECK(house.told_eve().empty()); // one is left
        house.be_away(house.ada, "");    // goes to the end
        house.take(house.eve, 1000);
        CHECK(house.told_eve() == "3 bob//Robert; 2 bob//; 3 ada//Ada; 2 ada//");
        house.take(house.eve, 1000);
        CHECK_FALSE(house.eve.missed_from);
        house.be_away(house.ada, "tea");
        CHECK(house.told_eve() == "1 ada//tea");
    }

    TEST_CASE("who has missed more than may wait is told it in so many goes") {
        Watched house;
        constexpr unsigned people = 3 * Witnesses::most_waiting;
        for (unsigned nth = 0; nth < people; ++nth) house.be_away(house.enter(text("p", nth)), "tea");
        unsigned told_of = 0;
        for (int go = 0; go < 3; ++go) {
            const std::string told = house.told_eve();
            CHECK(told.starts_with(text("1 p", told_of, "//tea")));
            told_of += Witnesses::most_waiting;
            CHECK(told.ends_with(text("1 p", told_of - 1, "//tea")));
            house.take(house.eve, Witnesses::most_waiting);
        }
        CHECK(house.told_eve().empty());
        CHECK_FALSE(house.eve.missed_from);
    }

    TEST_CASE("a pair that is full stops nobody and what did not fit comes later") {
        Watched house;
        const std::string big(60000, 'x');
        while (common::send_packet(house.eve.pair.fd(), big) == common::IoState::done) {
        }
        house.be_away(house.bob, "tea");
        CHECK(house.is_here(house.eve.number));
        CHECK(house.killed.empty());
        CHECK(house.eve.missed_from);
        std::vector<char> bytes(big.size());
        while (common::receive_packet(house.handlers.at(house.eve.number).get(), bytes).state ==
               common::IoState::done) {
        }
        house.be_away(house.ada, "wine"); // she has nothing to acknowledge that would let her catch up
        CHECK(house.told_eve() == "1 bob//tea; 1 ada//wine");
        CHECK_FALSE(house.eve.missed_from);
    }

    TEST_CASE("the next hub knows who wants to be told what") {
        Hubs hubs;
        const ClientNumber bob = hubs.now->enter("bob").number, eve = hubs.now->enter("eve").number;
        hubs.now->send(*hubs.now->people.find(eve), DescribeFrame::make({}, wishes_presence));
        CHECK(hubs.now->heard(eve) == "accepted");
        hubs.now->settle();
        hubs.die();
        for (const ClientNumber client : {bob, eve}) {
            hubs.answer_again(client, 0);
            hubs.now->heard(client);
        }
        hubs.now->send(*hubs.now->people.find(bob), AwayFrame::make("tea", std::uint8_t{1}));
        CHECK(told(*hubs.now, eve) == "1 bob//tea");
    }
}
