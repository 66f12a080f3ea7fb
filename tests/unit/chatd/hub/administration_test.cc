// SPDX-License-Identifier: ISC
// The verbs of the control socket, run as the socket's server runs them.
#include "chatd/hub/administration.hh"

#include "chatd/hub/log_print.hh"
#include "tests/unit/chatd/hub/hub_house.hh"
#include "tests/unit/common/test_keeper.hh"

#include <cstdint>
#include <doctest/doctest.h>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace chatd;

namespace {

struct Office : HubHouse {
    Office() {
        settings.max_clients = 2;
        pool.open({}, 0);
    }
    common::ControlAnswer ask(std::string_view name, const std::vector<std::string>& words = {}) {
        for (const common::ControlVerb& verb : administration.verbs())
            if (verb.name == name) return verb.run(words);
        throw std::logic_error("there is no such verb");
    }
    // All its lines.
    std::vector<std::string> table(std::string_view name) {
        common::ControlAnswer answer = ask(name);
        std::vector<std::string> lines = std::move(answer.lines);
        while (std::optional<std::string> line = answer.more ? answer.more() : std::nullopt)
            lines.push_back(*std::move(line));
        CHECK((!answer.has_ended || answer.has_ended()));
        return lines;
    }
    // What is wrong with it; "" when nothing is.
    std::string fault(std::string_view name, const std::vector<std::string>& words = {}) {
        try {
            ask(name, words);
            return "";
        } catch (const common::UserError& error) {
            return error.what();
        }
    }
    std::string history(const std::vector<std::string>& words) {
        const common::ControlAnswer answer = ask("history", words);
        std::string all;
        while (const std::optional<std::string> line = answer.more()) all += line->substr(21) + '\n';
        return all;
    }

    common::StatusPages pages{2};
    TestKeeper keeper{folder / "lock"};
    common::Service service{keeper.link(), settings, log};
    HandlerPool pool{service.loop(),
                     log,
                     settings,
                     pages,
                     people,
                     bans,
                     deposits,
                     {[] { return true; }, [] { return -1; },
                      [](ClientNumber, std::size_t, Front, const common::Fd&, const common::Fd&) {},
                      [](ClientNumber, int) {}},
                     {[](ClientNumber) {}, [](Client&) {}, {}, {}}};
    Administration administration{service, log, people, rooms, bans, moderation, pool, deposits};
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("what the disk does not take is not said to be done") {
        Office house;
        const std::string lost = "the disk is full, and the line was not sent: chatd's log has more",
                          unrecorded =
                              "it is done, but the disk is full, and the room's log does not say so: "
                              "chatd's log has more";
        const std::vector<std::tuple<std::string, std::vector<std::string>, std::string>> all{
            {"announce", {"hello"}, lost},
            {"notice", {"-r cellar hello"}, lost},
            {"topic", {"-r lobby tea"}, lost},
            {"moderate", {"-r", "lobby", "on"}, unrecorded}};
        for (const auto& [name, words, why] : all) {
            const std::string verb = name;
            CAPTURE(verb);
            common::ControlAnswer answer;
            {
                const FullDisk full;
                answer = house.ask(verb, words);
                CHECK_FALSE(answer.more());
                house.settle();
            }
            CHECK_THROWS_WITH_AS(answer.more(), why.c_str(), common::UserError);
            answer = house.ask(verb, words); // once there is room again
            house.settle();
            CHECK_FALSE(answer.more());
            CHECK(answer.has_ended());
        }
    }

    TEST_CASE("an announcement is for every room or for one and has words that fit") {
        Office house;
        house.ask("announce", {"tea\x1b is ready"});
        house.ask("announce", {"-r  cellar wine, too"});
        house.settle();
        CHECK(house.said_in("lobby") == "13 tea\xef\xbf\xbd is ready");
        CHECK(house.said_in("cellar") == "13 tea\xef\xbf\xbd is ready, 13 wine, too");
        CHECK(house.fault("announce", {""}) == "say what to announce");
        CHECK(house.fault("announce", {"-r "}) == "-r needs a room");
        CHECK(house.fault("announce", {"-r attic x"}) == "there is no room 'attic': `rooms' lists them");
        CHECK(house.fault("announce", {std::string(max_text + 1, 'x')}) ==
              "the message is too long: 2000 bytes at most");
    }

    TEST_CASE("a notice and a topic need their room") {
        Office house;
        CHECK(house.fault("notice", {"hello"}) == "say in which room: -r ROOM");
        CHECK(house.fault("topic", {"hello"}) == "say in which room: -r ROOM");
        CHECK(house.fault("notice", {"-r lobby"}) == "a notice has 1 to 2000 bytes");
        CHECK(house.fault("topic", {"-r lobby " + std::string(max_topic + 1, 'x')}) ==
              "a topic has 1 to 400 bytes; - removes it");
        house.ask("notice", {"-r lobby 3 files came"});
        house.ask("topic", {"-r lobby \"files\""});
        house.settle();
        CHECK(house.said_in("lobby") == "17 3 files came, 16 files");
        CHECK(house.room().topic() == "files");
    }

    TEST_CASE("what is done to people says what was wrong in words") {
        Office house;
        const ClientNumber ada = house.enter("ada").number;
        CHECK(house.fault("kick", {"eve"}) == "nobody has that name: `who' lists the names");
        CHECK(house.fault("mute", {"-r", "lobby", "ada", "soon"}).rfind("a length of time is", 0) == 0);
        CHECK(house.fault("mute", {"ada"}) == "say in which room: -r ROOM");
        CHECK(house.fault("moderate", {}) != "");
        CHECK(house.fault("moderate", {"-r", "lobby", "perhaps"}) != "");
        CHECK(house.fault("moderate", {"-r", "lobby", "on"}) == "");
        CHECK(house.room().is_moderated());
        CHECK(house.fault("moderate", {"-r", "lobby", "off"}) == "");
        CHECK_FALSE(house.room().is_moderated());
        CHECK(house.fault("kick", {"-r", "lobby", "ADA"}) == "");
        CHECK_FALSE(house.is_here(ada));
    }

    TEST_CASE("a ban is taken back where it was made also when its room is gone") {
        Office house;
        house.ask("ban", {"-r", "lobby", "eve"});
        CHECK(house.fault("unban", {"eve"}) == "that ban is for one room: unban -r lobby eve");
        house.bans.add({"eve", "gone", {}, ""});
        CHECK(house.fault("unban", {"-r", "lobby", "eve"}) == "");
        CHECK(house.fault("unban", {"-r", "gone", "Eve"}) == "");
        CHECK(house.fault("unban", {"eve"}) == "there is no such ban: `bans' lists them");
        house.ask("ban", {"10.0.0.8", "1h"});
        CHECK(house.fault("unban", {"-r", "lobby", "10.0.0.8"}) ==
              "that ban is for all rooms: unban 10.0.0.8");
        const std::vector<std::string> listed = house.table("bans");
        REQUIRE(listed.size() == 2);
        CHECK(listed[1].rfind("10.0.0.8 ", 0) == 0);
        CHECK(listed[1].find("Z ") != std::string::npos);
    }

    TEST_CASE("rooms and clients and totals are listed below their columns") {
        Office house;
        house.join(house.enter("ada"), "cellar");
        house.arrive();
        const std::vector<std::string> rooms = house.table("rooms"), who = house.table("who");
        REQUIRE(rooms.size() == 3);
        CHECK(rooms[1] == "cellar                  code    1       1       -");
        CHECK(rooms[2] == "lobby                   open    1       1       -");
        REQUIRE(who.size() == 3);
        CHECK(who[1].substr(40) ==
              "-       -               lobby,cellar    ada"); // who came first, among those without a process
        CHECK(who[2].substr(40) == "-       -               -               -");
        const std::vector<std::string> stats = house.ask("stats").lines;
        REQUIRE(stats.size() == 12);
        CHECK(stats[1] == "clients 2");
        CHECK(stats[2] == "max-clients 2");
        CHECK(stats[3] == "clients-tls-1.2 0");
        CHECK(stats[4] == "clients-tls-1.3 0");
        CHECK(stats[5] == "clients-irc 0");
        CHECK(stats[6] == "accepted 2");
        CHECK(stats[9] == "rooms 2");
        CHECK(stats[10] == "lines 2");
        CHECK(house.administration.status().size() == 12 + 3 + 3);
    }

    TEST_CASE("who and stats show which clients speak IRC") {
        Office house;
        house.enter("ada").listener = "listen 127.0.0.1:6667 irc";
        CHECK(house.table("who").at(1).substr(40) == "irc     -               lobby           ada");
        CHECK(house.ask("stats").lines.at(5) == "clients-irc 1");
    }

    TEST_CASE("a list of clients is made as it is sent and without those who have left meanwhile") {
        Office house;
        Client &ada = house.enter("ada"), &bob = house.enter("bob"), &cleo = house.enter("cleo");
        ada.pid = 900;
        bob.pid = 1000;
        cleo.pid = 89;
        common::ControlAnswer answer = house.ask("who");
        CHECK(answer.lines.size() == 1);
        CHECK(answer.more()->ends_with(" cleo"));
        CHECK_FALSE(answer.has_ended());
        house.departures.end(ada);
        CHECK(answer.more()->ends_with(" bob"));
        CHECK(answer.has_ended());
        CHECK_FALSE(answer.more());
    }

    TEST_CASE("history is of the last lines or of those that were asked for") {
        Office house;
        Client& ada = house.enter("ada");
        for (unsigned line = 2; line <= 30; ++line)
            house.rooms.add_line(house.room(), Kind::said, &ada, "line " + std::to_string(line));
        house.settle();
        const std::string last = house.history({"lobby"});
        CHECK(last.rfind("11 ada say: line 11\n", 0) == 0);
        CHECK(std::count(last.begin(), last.end(), '\n') == 20);
        CHECK(house.history({"lobby", "-n", "2"}) == "29 ada say: line 29\n30 ada say: line 30\n");
        CHECK(house.history({"--since", "29", "lobby"}) == "29 ada say: line 29\n30 ada say: line 30\n");
        CHECK(house.history({"lobby", "--search", "line 30"}) == "30 ada say: line 30\n");
        CHECK(house.history({"lobby", "-n", "0"}) == "");
        CHECK(house.fault("history", {}) == "name a room: `rooms' lists them");
        CHECK(house.fault("history", {"lobby", "-n"}) == "-n needs a word after it");
        CHECK(house.fault("history", {"lobby", "--since", "then"}) != "");
        CHECK(house.fault("history", {"lobby", "-n", "100001"}) != "");
    }

    TEST_CASE("history counts back from the last line that is written") {
        Office house;
        Client& ada = house.enter("ada");
        house.rooms.add_line(house.room(), Kind::said, &ada, "written");
        house.settle();
        house.rooms.add_line(house.room(), Kind::said, &ada, "said in this moment");
        CHECK(house.history({"lobby", "-n", "1"}) == "2 ada say: written\n");
        CHECK(house.history({"lobby", "--since", "2"}) == "2 ada say: written\n");
        house.settle();
        CHECK(house.history({"lobby", "-n", "1"}) == "3 ada say: said in this moment\n");
    }

    TEST_CASE("history looks at few records at a time whichever of them are wanted") {
        Office house;
        Client& ada = house.enter("ada");
        for (unsigned line = 2; line <= 5000; ++line)
            house.rooms.add_line(house.room(), Kind::said, &ada, line == 2500 ? "tea" : "coffee");
        house.settle();
        const std::vector<std::pair<std::vector<std::string>, std::size_t>> questions{
            {{"lobby", "--search", "tea"}, 1},         // one of them is
            {{"lobby", "--search", "wine"}, 0},        // none is
            {{"lobby", "--since", "3h"}, 5000},        // all are
            {{"lobby", "--since", "1", "-n", "7"}, 7}, // the last ones of all
            {{"lobby", "--since", "1000d", "--search", "coffee", "-n", "1"}, 1}};
        for (const auto& question : questions) {
            CAPTURE(question.first);
            const common::ControlAnswer answer = house.ask("history", question.first);
            std::size_t lines = 0, slices = 0;
            for (; !answer.has_ended(); ++slices)
                while (answer.more()) ++lines;
            CHECK(lines == question.second);
            if (lines < 5000) CHECK(slices >= 5000 / 500);
        }
    }

    TEST_CASE("history of before a moment that is yet to come also looks at few records at a time") {
        Office house;
        Client& ada = house.enter("ada");
        for (unsigned line = 2; line <= 5000; ++line)
            house.rooms.add_line(house.room(), Kind::said, &ada, "coffee");
        house.settle();
        PrintOptions options;
        options.not_before = INT64_MAX; // all are older
        LogPrint print{house.room().log(), "lobby", options};
        std::size_t slices = 0;
        for (; !print.has_ended(); ++slices) CHECK_FALSE(print.next());
        CHECK(slices >= 10);
    }

    TEST_CASE("history that is followed ends with its room also when another has its name by then") {
        Office house;
        Client& ada = house.enter("ada");
        RoomSettings settings = room_settings("den");
        settings.history = false;
        const auto make_den = [&] {
            house.rooms.make(settings, &ada);
            house.join(ada, "den");
            house.rooms.add_line(house.room("den"), Kind::said, &ada, "hello");
            house.settle();
        };
        make_den();
        const common::ControlAnswer answer = house.ask("history", {"den", "--since", "1", "--follow"});
        REQUIRE(answer.more()); // its reader is slow
        house.send(ada, LeaveFrame::make({}, house.room("den").number()));
        house.settle();
        REQUIRE(house.rooms.find("den") == nullptr);
        CHECK_THROWS_WITH_AS(answer.more(), "the room is closed", common::UserError);
        make_den();
        CHECK_THROWS_WITH_AS(answer.more(), "the room is closed", common::UserError);
    }
}
