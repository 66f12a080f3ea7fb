// SPDX-License-Identifier: ISC
// What members say, and the lists of who is where.
#include "chatd/hub/lists.hh"
#include "chatd/hub/speech.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace chatd;

namespace {

struct Crowd : HubHouse {
    std::string say(const Client& client, const std::string& lines, Kind kind = Kind::said,
                    bool is_paste = false) {
        const ClientNumber number = client.number;
        send(client, SayFrame::make(lines, room().number(), static_cast<std::uint8_t>(kind),
                                    static_cast<std::uint8_t>(is_paste)));
        settle();
        return heard(number);
    }
    std::string tell(const Client& client, const std::string& name, const std::string& words) {
        send(client, TellFrame::make(name + words, std::uint64_t{0}, static_cast<std::uint8_t>(name.size())));
        return heard(client.number);
    }
    template <class Request>
    std::string list(const Client& client, const std::string& about = {}) {
        send(client, Request::make(about, std::uint32_t{0}));
        const std::optional<Frame> answer = next_frame(client.number);
        if (!answer) return "nothing";
        return answer->message == Message::listing ? answer->as<ListingFrame>().second : shown(*answer);
    }
    Client& ada = enter("ada");
    Client& bob = enter("bob");
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("what is said stands in the room's log harmless and line by line") {
        Crowd house;
        CHECK(house.say(house.ada, "one\ntwo \x1b[31m\n") == "accepted");
        CHECK(house.say(house.bob, "waves", Kind::acted) == "accepted");
        CHECK(house.said_in("lobby") == "10, 10, 12 one, 12 two \xef\xbf\xbd[31m, 14 waves");
    }

    TEST_CASE("a notice is one in the log unless a handler there knows none: then it is said") {
        Crowd house;
        CHECK(house.say(house.ada, "hear", Kind::noticed) == "accepted");
        house.bob.protocol = first_with_notices - 1;
        CHECK(house.say(house.ada, "this", Kind::noticed) == "accepted");
        house.mute("ada");
        CHECK(house.say(house.ada, "not", Kind::noticed) == HubHouse::refused(Refusal::muted));
        CHECK(house.said_in("lobby") == "10, 10, 18 hear, 12 this");
    }

    TEST_CASE("who may not speak is refused and nothing of it is said") {
        Crowd house;
        house.mute("ada");
        CHECK(house.say(house.ada, "one") == HubHouse::refused(Refusal::muted));
        house.room().moderate(true);
        CHECK(house.say(house.bob, "two") == HubHouse::refused(Refusal::moderated));
        house.send(house.bob, TopicFrame::make("wine", house.room().number()));
        CHECK(house.heard(house.bob.number) == HubHouse::refused(Refusal::moderated));
        CHECK(house.said_in("lobby") == "10, 10");
    }

    TEST_CASE("speech that no handler in its right mind sends ends it") {
        Crowd house;
        std::string many;
        for (std::size_t line = 0; line <= max_paste_lines; ++line) many += "x\n";
        const auto ends = [&](const std::string& lines, Kind kind, bool is_paste) {
            const ClientNumber number = house.enter("eve").number;
            CHECK(house.say(*house.people.find(number), lines, kind, is_paste) == "");
            CHECK_FALSE(house.is_here(number));
        };
        ends("", Kind::said, false);
        ends("one\n\ntwo", Kind::said, false);
        ends(std::string(max_text + 1, 'x'), Kind::said, false);
        ends("one", Kind::announced, false);
        ends(many, Kind::said, true);
        CHECK(house.killed.size() == 5);
    }

    TEST_CASE("a private message comes to the one it is for and not to who is behind or away from here") {
        Crowd house;
        CHECK(house.tell(house.ada, "BOB", "psst") == "accepted");
        const auto told = house.next_frame(house.bob.number);
        REQUIRE(told);
        CHECK(told->as<ToldFrame>().second == "adapsst");
        CHECK(std::get<1>(told->as<ToldFrame>().first) == house.ada.serial);
        CHECK(house.tell(house.ada, "eve", "psst") == HubHouse::refused(Refusal::nobody));
        Client& outside = house.arrive();
        house.people.give_name(outside, "eve");
        outside.state = Client::State::entering;
        CHECK(house.tell(house.ada, "eve", "psst") == HubHouse::refused(Refusal::nobody));
        for (unsigned more = 1; more < max_untaken; ++more) house.tell(house.ada, "bob", "psst");
        CHECK(house.tell(house.ada, "bob", "psst") == HubHouse::refused(Refusal::behind));
        house.send(house.bob, TookFrame::make({}, std::uint32_t{1}));
        CHECK(house.tell(house.ada, "bob", "psst") == "accepted");
        house.send(house.bob, TookFrame::make({}, std::uint32_t{1000}));
        CHECK(house.bob.untaken == 0);
    }

    TEST_CASE("a private message that cannot be sent is refused and costs nobody the connection") {
        Crowd house;
        const int pair = house.bob.pair.fd();
        REQUIRE(::dup2(STDERR_FILENO, pair) == pair); // no socket: sending fails
        CHECK(house.tell(house.ada, "bob", "psst") == HubHouse::refused(Refusal::behind));
        CHECK(house.bob.untaken == 0);
        CHECK(house.killed.empty());
    }

    TEST_CASE("a topic is asked for and set") {
        Crowd house;
        const auto ask = [&](const std::string& topic) {
            house.send(house.ada, TopicFrame::make(topic, house.room().number()));
            house.settle();
            return house.next_frame(house.ada.number)->as<AcceptedFrame>().second;
        };
        CHECK(ask("") == "");
        ask("wine and cheese");
        CHECK(ask("") == "wine and cheese");
        ask("-");
        CHECK(ask("") == "");
    }

    TEST_CASE("members are listed with what holds for them to who may know the room") {
        Crowd house;
        house.ada.is_operator = true;
        house.give_voice("bob");
        house.mute("bob");
        house.send(house.bob, AwayFrame::make("tea", std::uint8_t{1}));
        house.heard(house.bob.number);
        CHECK(house.list<WhoFrame>(house.ada, "lobby") == "ada\to\t\nbob\tvma\ttea\n");
        CHECK(house.list<WhoFrame>(house.ada, "cellar") == HubHouse::refused(Refusal::no_such_room));
        CHECK(house.list<WhoFrame>(house.ada, "none") == HubHouse::refused(Refusal::no_such_room));
        house.join(house.ada, "cellar");
        CHECK(house.list<WhoFrame>(house.ada, "cellar") == "ada\to\t\n");
        RoomSettings hidden = room_settings("lobby");
        hidden.hidden = true;
        house.room().configure(hidden);
        CHECK(house.list<WhoFrame>(house.enter("eve", "cellar"), "lobby") ==
              HubHouse::refused(Refusal::no_such_room));
    }

    TEST_CASE("rooms are listed without those that are hidden and their topics to who may know them") {
        Crowd house;
        house.rooms.set_topic(house.room("cellar"), nullptr, "secret");
        house.room().moderate(true);
        house.settle();
        CHECK(house.list<RoomsFrame>(house.ada) == "cellar\tc\t0\t\nlobby\tmif\t2\t\n");
        house.join(house.ada, "cellar");
        CHECK(house.list<RoomsFrame>(house.ada) == "cellar\tci\t1\tsecret\nlobby\tmif\t2\t\n");
        Client& outside = house.arrive();
        house.people.give_name(outside, "eve");
        outside.state = Client::State::entering;
        CHECK(house.list<RoomsFrame>(outside) == "lobby\tmf\t2\t\n");
        RoomSettings hidden = room_settings("lobby");
        hidden.hidden = true;
        house.room().configure(hidden);
        CHECK(house.list<RoomsFrame>(outside) == "");
        CHECK(house.list<RoomsFrame>(house.bob) == "cellar\tc\t1\t\nlobby\tmif\t2\t\n");
    }
}
