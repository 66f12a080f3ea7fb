// SPDX-License-Identifier: ISC
// Batches and who is answered when they are written; who is woken; which rooms there are.
#include "chatd/hub/rooms.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace chatd;

namespace {

bool holds(const std::vector<common::Note>& told, std::string_view text) {
    for (const common::Note& note : told)
        if (note.text == text) return true;
    return false;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("lines of one round are settled together and told to those who wait for them") {
        HubHouse house;
        Client &ada = house.enter("ada"), &bob = house.enter("bob");
        Room& lobby = house.room();
        house.rooms.add_line(lobby, Kind::said, &ada, "one");
        house.rooms.await(lobby, ada, Rooms::last_of(lobby), Refusal::disk_full);
        house.rooms.add_line(lobby, Kind::said, &bob, "two");
        house.rooms.await(lobby, bob, Rooms::last_of(lobby), Refusal::disk_full);
        house.rooms.add_line(house.room("cellar"), Kind::announced, nullptr, "three");
        CHECK(ada.owes_answer);
        CHECK(house.said_in("lobby") == "10, 10");
        const auto settled = house.rooms.flush();
        REQUIRE(settled.size() == 2);
        CHECK(settled[0].waiting.client == ada.number);
        CHECK(settled[1].waiting.client == bob.number);
        CHECK(settled[1].room == &lobby);
        CHECK(settled[1].fate == Rooms::Fate::written);
        CHECK_FALSE(house.rooms.has_batches());
        CHECK(house.rooms.flush().empty());
        CHECK(house.said_in("lobby") == "10, 10, 12 one, 12 two");
        CHECK(house.said_in("cellar") == "13 three");
        CHECK(house.rooms.lines() == 5);
    }

    TEST_CASE("what was said before a reload changes the code stays in the segment of the old code") {
        HubHouse house;
        Client& ada = house.enter("ada");
        RoomLog& log = house.room().log();
        const std::uint32_t before = log.last_segment();
        const std::uint64_t line = log.next_line();
        house.rooms.add_line(house.room(), Kind::said, &ada, "one");
        house.rooms.await(house.room(), ada, Rooms::last_of(house.room()), Refusal::disk_full);
        std::vector<RoomSettings> wanted = house.settings.rooms;
        for (RoomSettings& room : wanted) room.code += "new-" + room.name;
        house.rooms.configure(wanted);
        CHECK(log.last_segment() == before + 1);
        CHECK(log.position_of_line(line).segment == before);
        CHECK(log.position_of_line(line + 1).segment == before + 1);
        CHECK(house.rooms.has_batches()); // ada waits
        house.rooms.add_line(house.room(), Kind::said, &ada, "two");
        house.settle();
        CHECK(house.heard(ada.number) == "accepted");
        CHECK_FALSE(ada.owes_answer);
        CHECK(log.position_of_line(line + 1).segment == before + 1);
        CHECK(house.said_in("lobby").starts_with("10, 12 one, ")); // its segment's end
        CHECK(house.said_in("lobby").find("two") == std::string::npos);
    }

    TEST_CASE("what the disk does not take is refused and whoever wanted to enter is not in the room") {
        HubHouse house;
        Client &ada = house.enter("ada"), &bob = house.arrive();
        house.people.give_name(bob, "bob");
        bob.state = Client::State::entering;
        house.woken.clear();
        {
            const FullDisk full;
            house.rooms.add_line(house.room(), Kind::said, &ada, "one");
            house.rooms.await(house.room(), ada, Rooms::last_of(house.room()), Refusal::disk_full);
            house.rooms.enter(house.room(), bob, 0);
            house.settle();
        }
        CHECK(house.heard(ada.number) == HubHouse::refused(Refusal::disk_full));
        CHECK(house.heard(bob.number) == HubHouse::refused(Refusal::not_done)); // it said nothing
        CHECK_FALSE(ada.owes_answer);
        CHECK_FALSE(bob.is_in(house.room()));
        CHECK(house.room().members().size() == 1);
        CHECK(house.woken.empty());
        house.rooms.add_line(house.room(), Kind::said, &ada, "two");
        house.rooms.await(house.room(), ada, Rooms::last_of(house.room()), Refusal::disk_full);
        house.settle();
        CHECK(house.heard(ada.number) == "accepted");
        CHECK(house.said_in("lobby") == "10, 12 two");
    }

    TEST_CASE("members of rooms with news are woken when a round brings no lines") {
        HubHouse house;
        Client& ada = house.enter("ada");
        house.enter("bob");
        house.enter("eve", "cellar");
        house.settle();
        house.woken.clear();
        house.rooms.add_line(house.room(), Kind::said, &ada, "one");
        house.settle();
        CHECK(house.rooms.has_news());
        CHECK(house.woken.empty());
        house.settle();
        CHECK(house.woken == std::vector<std::string>{"ada", "bob"});
        CHECK_FALSE(house.rooms.has_news());
        house.settle();
        CHECK(house.woken.size() == 2);
    }

    TEST_CASE("where every round brings lines members are woken in the fourth all the same") {
        HubHouse house;
        Client& ada = house.enter("ada");
        house.settle();
        house.woken.clear();
        for (int round = 1; round <= 8; ++round) {
            house.rooms.add_line(house.room(), Kind::said, &ada, "again");
            house.settle();
            CHECK(house.woken.size() == static_cast<std::size_t>(round / 4));
        }
    }

    TEST_CASE("a room that a client made keeps a few descriptors and mebibytes however much is said in it") {
        HubHouse house;
        Client& ada = house.enter("ada");
        const std::size_t before = house.rooms.descriptors();
        RoomSettings settings = room_settings("den");
        settings.history = false;
        Room& den = house.rooms.make(settings, &ada);
        house.rooms.enter(den, ada, 0);
        for (int line = 0; line < 5000; ++line) {
            house.rooms.add_line(den, Kind::said, &ada, std::string(max_text, 'x'));
            if (line % 100 == 0) house.rooms.flush();
        }
        house.rooms.flush();
        CHECK(den.log().last_segment() >= 4);
        CHECK(den.log().open_segment(1).segment >= den.log().last_segment() - 1);
        CHECK(house.rooms.descriptors() == before); // it was counted before it was made
        settings.name = "plans";
        house.rooms.make(settings);
        CHECK(house.rooms.descriptors() == before + 1 + 17); // 256 MiB are up to 17 segments of 16
        house.rooms.make(room_settings("hall"));
        CHECK(house.rooms.descriptors() == before + 1 + 17 + 1);
    }

    TEST_CASE("a room that a client made closes when nobody is in it and others stay") {
        HubHouse house;
        Client& ada = house.enter("ada");
        RoomSettings settings = room_settings("den");
        settings.history = false;
        Room& den = house.rooms.make(settings, &ada);
        house.rooms.enter(den, ada, 0);
        house.settle();
        REQUIRE(house.rooms.find("den") == &den);
        CHECK(house.rooms.find(den.number()) == &den);
        house.rooms.leave(den, ada);
        house.rooms.leave(house.room(), ada);
        house.settle();
        CHECK(house.rooms.find("den") == nullptr);
        CHECK(house.rooms.all().size() == 2);
        CHECK_FALSE(std::filesystem::exists(house.folder / "rooms/den"));
        CHECK(house.logged().find("room den closes: nobody is in it\n") != std::string::npos);
        house.settle(); // and is woken for no more
    }

    TEST_CASE("whoever resumes is to be shown what it missed and others what comes") {
        HubHouse house;
        Client &ada = house.enter("ada"), &bob = house.arrive();
        CHECK(ada.rooms.back().shown_from == 1);
        house.rooms.enter(house.room(), bob, 1);
        CHECK(bob.rooms.back().shown_from == 1);
        const auto settled = house.rooms.flush();
        REQUIRE(settled.size() == 1);
        CHECK(settled[0].waiting.joined_line == 2);
        CHECK(settled[0].waiting.missed_from == 1);
    }

    TEST_CASE("another name is told in the rooms that its owner is in and holds for rights in all") {
        HubHouse house;
        Client& ada = house.enter("ada");
        house.mute("ada", "cellar");
        house.rooms.rename(ada, "Eve");
        house.settle();
        CHECK(house.said_in("lobby") == "10, 15 Eve");
        CHECK(house.said_in("cellar") == "");
        CHECK(house.unmute("eve", "cellar"));
    }

    TEST_CASE("a topic of a dash is none") {
        HubHouse house;
        house.rooms.set_topic(house.room(), nullptr, "wine");
        house.settle();
        CHECK(house.room().topic() == "wine");
        house.rooms.set_topic(house.room(), nullptr, "-");
        house.settle();
        CHECK(house.room().topic() == "");
    }

    TEST_CASE("a topic that is taken away is in the log as the one that holds then") {
        HubHouse house;
        Client& ada = house.enter("ada");
        const auto configure = [&](std::string_view topic) {
            house.settings.rooms.front().topic = topic;
            house.rooms.configure(house.settings.rooms);
            house.settle();
            return house.said_in("lobby");
        };
        CHECK(configure("welcome") == "10");
        for (const std::string_view topic : {"wine", "-"}) house.rooms.set_topic(house.room(), &ada, topic);
        CHECK(configure("welcome") == "10, 16 wine, 16 welcome");
        CHECK(house.room().topic() == "welcome");
        CHECK(configure("hello").ends_with(", 16 welcome, 16 hello"));
        CHECK(house.room().topic() == "hello");
        CHECK(configure("").ends_with(", 16 hello, 16"));
        CHECK(house.room().topic() == "");
        CHECK(configure("tea").ends_with(", 16 hello, 16")); // it holds, as in a room where none was set
        house.rooms.set_topic(house.room(), &ada, "mine");
        CHECK(configure("wine").ends_with(", 16 mine"));
        CHECK(house.room().topic() == "mine");
    }

    TEST_CASE("a reload makes the rooms that are new and tells which are gone") {
        HubHouse house;
        Client& ada = house.enter("ada");
        house.rooms.make(room_settings("den"), &ada);
        std::vector<RoomSettings> wanted{room_settings("lobby"), room_settings("attic")};
        const auto told = house.rooms.configure(wanted);
        CHECK(house.rooms.find("attic") != nullptr);
        CHECK(house.rooms.find("cellar") != nullptr);
        REQUIRE(told.size() == 1); // and not of the den, which is a client's
        CHECK(holds(
            told, "room cellar was removed from the configuration: it closes at the next start or upgrade"));
    }

    TEST_CASE("where one new room cannot be made nothing is changed") {
        HubHouse house;
        std::ofstream{house.folder / "rooms/attic"} << "no folder";
        RoomSettings lobby = room_settings("lobby");
        lobby.topic = "changed";
        std::vector<RoomSettings> wanted{lobby, room_settings("barn"), room_settings("attic")};
        CHECK_THROWS_AS(house.rooms.configure(wanted), std::system_error);
        CHECK(house.rooms.find("barn") == nullptr);
        CHECK(house.rooms.all().size() == 2);
        CHECK(house.room().topic() == "");
    }
}
