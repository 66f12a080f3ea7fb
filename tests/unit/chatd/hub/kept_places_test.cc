// SPDX-License-Identifier: ISC
// What the hub after an orderly stop knows of the clients and rooms of the one before.
#include "chatd/hub/kept_places.hh"
#include "common/whole_file.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace chatd;
using namespace std::chrono_literals;

namespace {

struct Kept : HubHouse {
    KeptPlaces places() { return KeptPlaces{path, log}; }
    // Of the hub that comes next.
    Tickets next(std::chrono::seconds resume_time = 600s) {
        Tickets given;
        places().give_back(given, resume_time);
        return given;
    }
    void write(std::string_view lines) const { std::ofstream{path} << lines; }
    const std::string path = folder / "places";
};

const auto now = common::Clock::now;

} // namespace

TEST_SUITE("unit") {
    TEST_CASE(
        "places: who has left finds all again that makes its place and who is there does not stand there") {
        Kept house;
        const std::string first = house.tickets.issue(7, "a'b"),
                          second = house.tickets.issue(7, "a'b", first);
        const std::uint32_t lobby = house.room().number();
        house.tickets.note(7, {.first = 5, .account = "ada"},
                           {{{.first = 3}, "Eve"}, {{.first = 4, .account = "max"}, "Max"}});
        house.tickets.keep(7, {{lobby, 10, 5}, {3, 20, 6}}, 99, {5, 6}, now() + 100s); // 3: made by a client
        house.tickets.issue(8, "bob");
        house.places().save(house.tickets, house.rooms.all());
        Tickets next = house.next();
        CHECK(next.size() == 1);
        for (const std::string& token : {first, second}) {
            const auto ticket = next.find(token, now());
            REQUIRE(ticket);
            CHECK(ticket->client == 7);
            CHECK(ticket->name == "a'b");
            CHECK(ticket->counted == 99);
            CHECK(ticket->person.first == 5);
            CHECK(ticket->person.account == "ada");
            REQUIRE(ticket->ignored.size() == 2);
            CHECK(ticket->ignored[0].person.first == 3);
            CHECK(ticket->ignored[0].person.account.empty());
            CHECK(ticket->ignored[0].name == "Eve");
            CHECK(ticket->ignored[1].person.account == "max");
            CHECK(ticket->formers == std::vector<std::uint64_t>{5, 6});
            CHECK(ticket->is_left);
            REQUIRE(ticket->stays.size() == 1);
            CHECK(ticket->stays[0].room == lobby);
            CHECK(ticket->stays[0].shown_from == 10);
            CHECK(ticket->stays[0].entry == 5);
            CHECK_FALSE(next.find(token, now() + 102s)); // it is no longer good than it was
        }
        next.forget(7);
        CHECK_FALSE(next.find(second, now()));
        CHECK(house.next(0s).size() == 0);
        CHECK_FALSE(house.next(10s).find(second, now() + 11s));
    }

    TEST_CASE("places: the file is for nobody else and gone when it is out of date") {
        Kept house;
        house.places().save(house.tickets, house.rooms.all());
        struct stat found {};
        REQUIRE(::stat(house.path.c_str(), &found) == 0);
        CHECK((found.st_mode & 07777) == 0600);
        house.places().forget();
        CHECK(::access(house.path.c_str(), F_OK) != 0);
        CHECK(house.next().size() == 0);
        CHECK(house.logged().empty());
    }

    TEST_CASE("places: bytes of which no hub knows how many were dealt with are not known after it") {
        Kept house;
        const std::string token = house.tickets.issue(7, "ada");
        house.tickets.keep(7, {}, {}, {}, now() + 100s);
        house.places().save(house.tickets, house.rooms.all());
        Tickets next = house.next();
        REQUIRE(next.find(token, now()));
        CHECK_FALSE(next.find(token, now())->counted);
        CHECK(house.logged().empty());
    }

    TEST_CASE("places: the lines of a log that begins anew go on where those before ended") {
        Kept house;
        Kept::Client& ada = house.enter("ada");
        house.rooms.add_line(house.room(), Kind::said, &ada, "hello");
        house.settle();
        Client* const maker = &ada;
        house.rooms.make(room_settings("den"), maker);
        house.places().save(house.tickets, house.rooms.all());
        const KeptPlaces places = house.places();
        CHECK(places.first_line("lobby") == 3);
        CHECK(places.first_line("cellar") == 1);
        CHECK(places.first_line("den") == 1);
        RoomSettings unkept = room_settings("unkept");
        unkept.history = false;
        CHECK(house.rooms.make(unkept, nullptr, 3).log().next_line() == 3);
        CHECK(house.rooms.make(room_settings("new"), nullptr, 3).log().next_line() == 3);
    }

    TEST_CASE("places: what is wrong is said and passed over") {
        Kept house;
        const std::string token(32, 'a');
        house.write("place 7 ada 0 9999999999 " + token + " - - 7: -\nplace 8 bob x 9999999999 " + token +
                    " - - 8: -\nplace 9 eve 0 9999999999 short - - 9: -\nplace 9 eve 0 9999999999 " + token +
                    " - 1:2 9: -\nplace 9 eve 0 9999999999 " + token + " - - 9 -\nplace 9 eve 0 9999999999 " +
                    token + " - - 9: 3:max\nplace 9\nroom lobby\nrubbish\nroom \"lobby\n\nroom cellar 7\n");
        Tickets next = house.next();
        CHECK(next.size() == 1);
        REQUIRE(next.find(token, now()));
        CHECK(next.find(token, now())->stays.empty());
        CHECK(house.places().first_line("cellar") == 7);
        CHECK(house.logged().find("a line is passed over: 'x' is not a number") != std::string::npos);
        ::unlink(house.path.c_str());
        ::mkdir(house.path.c_str(), 0700);
        CHECK(house.next().size() == 0);
        CHECK(house.logged().find("places of clients are lost: read ") != std::string::npos);
        house.places().save(house.tickets, house.rooms.all());
        CHECK(house.logged().find("places of clients are not kept: rename ") != std::string::npos);
        CHECK(::access((house.path + ".new").c_str(), F_OK) != 0);
    }

    TEST_CASE("places: a room has the same number after a restart whatever else there is") {
        const auto no = [](std::uint32_t) { return false; };
        const std::uint32_t lobby = lasting_number("lobby", no);
        CHECK(lasting_number("lobby", no) == lobby);
        CHECK(lasting_number("cellar", no) != lobby);
        CHECK(lasting_number("lobby", [&](std::uint32_t number) { return number == lobby; }) != lobby);
        CHECK(is_lasting(lobby));
        Kept one, other;
        CHECK(one.room("cellar").number() == other.room("cellar").number());
        Kept::Client& ada = one.enter("ada");
        const std::uint32_t made = one.rooms.make(room_settings("den"), &ada).number();
        CHECK_FALSE(is_lasting(made));
        CHECK(one.rooms.make(room_settings("attic"), &ada).number() != made);
    }
}
