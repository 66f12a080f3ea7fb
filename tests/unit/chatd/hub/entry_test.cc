// SPDX-License-Identifier: ISC
// What a code leads into, what a wrong one gets, and the rooms that clients make.
#include "chatd/hub/entry.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>
#include <filesystem>

using namespace chatd;
using common::text;

namespace {

struct Door : HubHouse {
    Door() {
        settings.rooms = {room_settings("cellar", "sesame"), room_settings("lobby"), room_settings("attic")};
        rooms.configure(settings.rooms);
    }
    // A client with a name, at the code prompt.
    Client& named(const std::string& name) {
        Client& client = arrive();
        people.give_name(client, name);
        client.state = Client::State::entering;
        return client;
    }
    // What it hears of `/join NAME CODE', or at the prompt, without a name, of CODE.
    std::string enter_with(const Client& client, const std::string& name, const std::string& code) {
        const ClientNumber number = client.number;
        send(client, EnterFrame::make(name + code, static_cast<std::uint8_t>(name.size())));
        settle();
        return heard(number);
    }
    bool is_in(const Client& client, std::string_view name) { return client.is_in(*rooms.find(name)); }
};

void settings_with_codes(Door& house) {
    house.settings.rooms.clear();
    for (const char* const name : {"one", "two", "three", "four"})
        house.settings.rooms.push_back(room_settings(name, text("code-", name)));
    house.rooms.configure(house.settings.rooms);
}

const std::string wrong_code = HubHouse::refused(Refusal::wrong_code);

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a code leads into its room and a name or nothing into an open one") {
        Door house;
        Client &ada = house.named("ada"), &bob = house.named("bob"), &eve = house.named("eve");
        CHECK(house.enter_with(ada, "", "sesame") == "token, entered");
        CHECK(house.is_in(ada, "cellar"));
        CHECK(house.enter_with(bob, "", "attic") == "token, entered");
        CHECK(house.is_in(bob, "attic"));
        CHECK(house.enter_with(eve, "", "") == "token, entered");
        CHECK(house.is_in(eve, "lobby")); // the first that is open
        CHECK(house.enter_with(eve, "cellar", "sesame") == "entered");
        CHECK(house.enter_with(eve, "", "sesame") == HubHouse::refused(Refusal::already_inside));
    }

    TEST_CASE("a wrong code is refused and the fourth ends the handler that did not count") {
        Door house;
        Client& ada = house.named("ada");
        const ClientNumber adas = ada.number;
        CHECK(house.enter_with(ada, "", "cellar") == wrong_code); // its name is not its code
        CHECK(house.enter_with(ada, "attic", "sesame") == wrong_code);
        CHECK(house.enter_with(ada, "", "Sesame") == wrong_code);
        CHECK(house.enter_with(ada, "", "open") == "");
        CHECK_FALSE(house.is_here(adas));
        CHECK(house.killed == std::vector<ClientNumber>{adas});
    }

    TEST_CASE("a call for help is no try") {
        Door house;
        Client& ada = house.named("ada");
        for (int call = 0; call < 5; ++call)
            CHECK(house.enter_with(ada, "", "help") == HubHouse::refused(Refusal::help_wanted));
        CHECK(ada.wrong_codes == 0);
        CHECK(house.enter_with(ada, "", "") == "token, entered");
        CHECK(house.enter_with(ada, "", "help") == wrong_code); // inside, help is a command
    }

    TEST_CASE("inside no code is looked at after too many wrong ones but open rooms are entered") {
        Door house;
        Client& ada = house.named("ada");
        house.enter_with(ada, "", "");
        for (unsigned tries = 0; tries <= max_tries; ++tries)
            CHECK(house.enter_with(ada, "", "x") == wrong_code);
        CHECK(house.enter_with(ada, "", "sesame") == wrong_code);
        CHECK(house.enter_with(ada, "", "attic") == "entered");
        CHECK(house.is_here(ada.number));
    }

    TEST_CASE("who is inside makes rooms where that is on and enters those of others with their code") {
        Door house;
        Client &ada = house.named("ada"), &bob = house.named("bob");
        house.settings.create_rooms = true;
        CHECK(house.enter_with(ada, "", "den") == wrong_code); // not inside yet
        house.enter_with(ada, "", "");
        house.enter_with(bob, "", "");
        CHECK(house.enter_with(ada, "den", "honey") == "entered");
        CHECK(house.room("den").is_operator(ada));
        CHECK_FALSE(house.room("den").settings().history);
        CHECK(house.enter_with(bob, "den", "jam") == wrong_code);
        CHECK(house.enter_with(bob, "", "den") == wrong_code);
        CHECK(house.enter_with(bob, "den", "honey") == "entered");
        CHECK_FALSE(house.room("den").is_operator(bob));
        CHECK(house.enter_with(ada, "", "no/name") == wrong_code);
        house.settings.create_rooms = false;
        CHECK(house.enter_with(ada, "", "hut") == wrong_code);
        CHECK(house.logged().find("room den made by ada\n") != std::string::npos);
    }

    TEST_CASE("a room that cannot be made is not there") {
        Door house;
        Client& ada = house.named("ada");
        house.enter_with(ada, "", "");
        house.settings.create_rooms = true;
        {
            const FullDisk full;
            CHECK(house.enter_with(ada, "", "den") == HubHouse::refused(Refusal::not_done));
        }
        CHECK(house.rooms.find("den") == nullptr);
        CHECK(ada.wrong_codes == 0);
    }

    TEST_CASE("clients make so many rooms and those of one address a quarter of them") {
        Door house;
        house.settings.create_rooms = true;
        house.rooms.set_most_made(8);
        const std::size_t descriptors = house.rooms.descriptors();
        const std::string no_more = HubHouse::refused(Refusal::no_more_rooms);
        Client &ada = house.enter("ada"), &bob = house.enter("bob"); // from one address
        CHECK(house.enter_with(ada, "", "den1") == "entered");
        CHECK(house.enter_with(bob, "", "den2") == "entered");
        CHECK(house.enter_with(bob, "", "den3") == no_more);
        CHECK(house.enter_with(ada, "den3", "honey") == no_more);
        CHECK(house.enter_with(ada, "", "den2") == "entered"); // it is there
        CHECK(ada.wrong_codes == 0);
        // A subscriber of IPv6 has all that begins with the same 64 bits.
        CHECK(house.enter_with(house.enter("c", "lobby", "2001:db8::1"), "", "den3") == "entered");
        CHECK(house.enter_with(house.enter("d", "lobby", "2001:db8::2"), "", "den4") == "entered");
        CHECK(house.enter_with(house.enter("e", "lobby", "2001:db8::3"), "", "den5") == no_more);
        for (const char* const name : {"den5", "den6", "den7", "den8"})
            CHECK(house.enter_with(house.enter(name, "lobby", text("10.0.1.", name + 3)), "", name) ==
                  "entered");
        CHECK(house.enter_with(house.enter("f", "lobby", "10.0.2.1"), "", "den9") == no_more); // of all
        CHECK(house.rooms.descriptors() == descriptors); // they were counted from the start
        house.send(ada, LeaveFrame::make({}, house.room("den1").number()));
        house.settle();
        house.heard(ada.number);
        CHECK(house.rooms.find("den1") == nullptr);
        CHECK(house.enter_with(ada, "", "den9") == "entered");
    }

    TEST_CASE("of many rooms each is entered with its own code and no other opens it") {
        Door house;
        settings_with_codes(house);
        for (const RoomSettings& room : house.settings.rooms) {
            Client& client = house.named("n-" + room.name);
            CHECK(house.enter_with(client, "", room.code + "x") == wrong_code);
            CHECK(house.enter_with(client, "", room.code.substr(1)) == wrong_code);
            CHECK(house.enter_with(client, "", room.code) == "token, entered");
            CHECK(house.is_in(client, room.name));
        }
    }

    TEST_CASE("who is kept out of a room gets its reason and not the code's") {
        Door house;
        Client& ada = house.named("ada");
        house.bans.add({"ada", "cellar", {}, ""});
        CHECK(house.enter_with(ada, "", "sesame") == HubHouse::refused(Refusal::room_banned));
        CHECK(ada.wrong_codes == 0);
        CHECK(ada.state == Client::State::entering);
    }

    TEST_CASE("who enters is told the topic and some of those who are there and may read the log") {
        Door house;
        for (std::size_t member = 0; member < max_present + 2; ++member)
            house.enter("member" + std::to_string(member));
        house.rooms.set_topic(house.room(), nullptr, "wine");
        house.settle();
        Client& ada = house.named("ada");
        house.send(ada, EnterFrame::make("", std::uint8_t{0}));
        house.settle();
        REQUIRE(house.next_frame(ada.number)->message == Message::token);
        const auto entered = house.next_frame(ada.number);
        REQUIRE(entered);
        const auto [fields, words] = entered->as<EnteredFrame>();
        CHECK(words.rfind("lobby\nwine\nmember0\nmember1\n", 0) == 0);
        CHECK(common::split(words, '\n').size() == 2 + max_present);
        CHECK(std::get<6>(fields) == max_present + 2);
        CHECK(std::get<1>(fields) == ada.number);
        CHECK(entered->passed);
    }

    TEST_CASE("who cannot be given the log is dismissed") {
        Door house;
        Client& ada = house.named("ada");
        const ClientNumber adas = ada.number;
        std::filesystem::remove(house.folder / "rooms/lobby/00000001.log");
        CHECK(house.enter_with(ada, "", "") == HubHouse::dismissed(Farewell::log_unreadable));
        CHECK_FALSE(house.is_here(adas));
    }

    TEST_CASE("who leaves a room is out of it and who says good-bye keeps no place") {
        Door house;
        Client& ada = house.named("ada");
        const ClientNumber adas = ada.number;
        house.enter_with(ada, "", "");
        house.enter_with(ada, "", "attic");
        house.send(ada, LeaveFrame::make({}, house.room("attic").number()));
        house.settle();
        CHECK(house.heard(adas) == "accepted");
        CHECK_FALSE(house.is_in(ada, "attic"));
        REQUIRE(house.tickets.of(adas));
        house.send(ada, QuitFrame::make("so long\x1b"));
        CHECK(house.heard(adas) == "accepted");
        house.departures.end(ada);
        house.settle();
        CHECK_FALSE(house.tickets.of(adas));
        CHECK(house.said_in("lobby") == "10, 11 so long\xef\xbf\xbd");
    }
}
