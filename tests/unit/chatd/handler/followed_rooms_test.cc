// SPDX-License-Identifier: ISC
// The rooms that a client is in: what is shown of their logs, when the hub is asked for more, when the
// handler may sleep, and what is looked up in a log.
#include "chatd/handler/followed_rooms.hh"

#include "chatd/handler/typed/lookup.hh"
#include "tests/unit/chatd/handler/typed/talk_place.hh"
#include "tests/unit/chatd/room_log/room_log_place.hh"

#include <algorithm>

using namespace chatd;

namespace {

// A client in one room whose log the test writes as the hub does.
struct Member {
    Member() {
        place.be_named("bob");
        place.type("\n");
        place.sent();
        place.enter(1, "room", log.open_segment(1).fd);
        place.talk.rooms.follow();
        place.shown();
    }
    void say(unsigned lines) {
        ::say(log, lines);
        place.hubs_word.tell_news();
    }
    std::string followed() {
        place.talk.rooms.follow();
        return place.shown();
    }
    void give_segment(std::uint32_t segment) {
        place.hear(SegmentFrame::make({}, std::uint32_t{1}, segment, std::uint64_t{0}, log.next_line()),
                   log.open_segment(segment).fd.get());
    }
    void give_start() { give_segment(1); }

    RoomPlace folder;
    RoomLog log = folder.open();
    TalkPlace place;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("rooms: new lines are shown after a wake and not before") {
        Member bob;
        CHECK(bob.place.talk.rooms.has_caught_up());
        bob.say(2);
        CHECK(bob.followed().empty());
        bob.place.talk.rooms.wake();
        CHECK(bob.followed() == "ada say: line 1\nada say: line 2\n");
        CHECK(bob.place.talk.rooms.current()->next_line() == 3);
    }

    TEST_CASE("rooms: nobody falls asleep over news and who sleeps is to be woken") {
        Member bob;
        FollowedRooms& rooms = bob.place.talk.rooms;
        ::say(bob.log, 1);
        CHECK_FALSE(bob.place.hubs_word.tell_news()); // it was awake
        CHECK_FALSE(rooms.prepare_to_sleep());
        CHECK(bob.followed() == "ada say: line 1\n");
        CHECK(rooms.prepare_to_sleep());
        CHECK(bob.place.hubs_word.tell_news());
    }

    TEST_CASE("rooms: at a segment's end the next is asked for once and never while something is asked") {
        Member bob;
        FollowedRooms& rooms = bob.place.talk.rooms;
        bob.log.start_new_segment();
        bob.say(1);
        bob.place.talk.hub.ask(BansFrame::make({}, std::uint32_t{0}), {.what = Message::bans});
        bob.place.sent();
        rooms.wake();
        CHECK(bob.followed().empty());
        CHECK_FALSE(rooms.has_read_all());
        CHECK_FALSE(rooms.ask_for_segments());
        bob.place.hear(ListingFrame::make("x\t\t\t", std::uint32_t{0}));
        bob.place.shown();
        CHECK(rooms.ask_for_segments());
        CHECK(std::get<1>(bob.place.sent_as<NextFrame>().first) == 1);
        CHECK_FALSE(rooms.ask_for_segments());
        bob.give_segment(2);
        CHECK(bob.followed() == "ada say: line 1\n");
        CHECK(rooms.has_read_all());
    }

    TEST_CASE("rooms: a segment that is refused leaves everything as it is") {
        Member bob;
        bob.log.start_new_segment();
        bob.place.talk.rooms.wake();
        bob.followed();
        CHECK(bob.place.talk.rooms.ask_for_segments());
        bob.place.refuse(Refusal::not_now);
        CHECK(bob.place.shown().empty());
        CHECK_FALSE(bob.place.talk.hub.is_waiting());
    }

    TEST_CASE("rooms: /live shows nothing of its room until the hub says where it goes on") {
        Member bob;
        bob.say(5);
        bob.place.talk.rooms.wake();
        bob.place.type("/live\n");
        bob.place.sent_as<FindFrame>();
        CHECK(bob.followed().empty());
        bob.place.hear(SegmentFrame::make({}, std::uint32_t{1}, std::uint32_t{1},
                                          bob.log.position_of_last(0, UINT64_MAX).offset,
                                          bob.log.next_line()),
                       bob.log.open_segment(1).fd.get());
        CHECK(bob.followed().find("say") == std::string::npos);
        bob.say(1);
        bob.place.talk.rooms.wake();
        CHECK(bob.followed() == "ada say: line 6\n");
    }

    TEST_CASE("rooms: lines of a room that is not the current one have its name") {
        Member bob;
        bob.place.type("/join other\n");
        bob.place.sent();
        bob.place.enter(2, "other", TalkPlace::empty_log());
        bob.place.shown();
        bob.say(1);
        bob.place.talk.rooms.wake();
        CHECK(bob.followed() == "[room] ada say: line 1\n");
        CHECK(bob.place.talk.rooms.place().size() == 2 * PlaceRoom::size);
    }

    TEST_CASE("rooms: who ignores somebody is shown those who come into two rooms at once and that ends") {
        Member bob;
        RoomPlace den;
        RoomLog log = den.open();
        bob.place.talk.output.display().taste().ignore(5, 5, "eve");
        bob.place.type("/join other\n");
        bob.place.sent();
        bob.place.enter(2, "other", log.open_segment(1).fd);
        bob.place.shown();
        for (RoomLog* const room : {&bob.log, &log}) {
            room->add(Kind::joined, 8, "cat", "");
            REQUIRE(room->flush());
        }
        bob.place.hubs_word.tell_news();
        FollowedRooms& rooms = bob.place.talk.rooms;
        rooms.wake();
        int rounds = 0;
        while (rooms.follow() && rounds < 100) ++rounds;
        CHECK(rounds < 10);
        CHECK(bob.place.shown() == "[room] cat joined\ncat joined\n");
        CHECK(rooms.has_caught_up());
    }

    TEST_CASE("rooms: while the client takes nothing nothing more is read of a log") {
        Member bob;
        for (int i = 0; i < 40; ++i) bob.say(50);
        bob.place.talk.rooms.wake();
        bob.place.talk.rooms.follow();
        CHECK_FALSE(bob.place.talk.output.has_room());
        CHECK_FALSE(bob.place.talk.rooms.has_caught_up());
        CHECK(bob.place.talk.output.size() < ClientOutput::max_waiting + max_record);
    }

    TEST_CASE("lookup: history is the last lines and a search shows what it has found") {
        Member bob;
        bob.say(30);
        bob.place.talk.rooms.wake();
        bob.followed();
        Lookup& lookup = bob.place.talk.lookup;
        const auto run = [&](std::string_view command) {
            bob.place.type(command);
            CHECK(lookup.is_running());
            bob.place.sent_as<FindFrame>();
            CHECK_FALSE(lookup.go_on()); // the hub is asked
            bob.give_start();
            while (lookup.is_running()) CHECK(lookup.go_on());
            return bob.place.shown();
        };
        const std::string last = run("/history 2\n");
        CHECK(last.find("line 28") == last.npos);
        CHECK(last.find("line 29") < last.find("line 30"));
        CHECK(run("/search LINE 17\n").find("line 17") != std::string::npos);
        CHECK(run("/search nothing\n") == run("/search such\n"));
        const std::string since = run("/since 30\n");
        CHECK(std::count(since.begin(), since.end(), '\n') == 1);
    }

    TEST_CASE("lookup: of a search that finds much the last lines are shown and how many there were") {
        Member bob;
        bob.say(60);
        bob.place.talk.rooms.wake();
        bob.followed();
        bob.place.type("/search line\n");
        bob.place.sent();
        bob.give_start();
        while (bob.place.talk.lookup.is_running()) bob.place.talk.lookup.go_on();
        const std::string shown = bob.place.shown();
        CHECK(std::count(shown.begin(), shown.end(), '\n') == static_cast<int>(Lookup::max_found) + 1);
        CHECK(shown.find("line 10\n") == shown.npos);
        CHECK(shown.find("line 11\n") != shown.npos);
    }

    TEST_CASE("lookup: a log that goes on is asked for and what is refused is the end") {
        Member bob;
        bob.say(2);
        bob.log.start_new_segment();
        bob.say(1);
        bob.place.talk.rooms.wake();
        bob.followed();
        bob.place.talk.rooms.ask_for_segments();
        bob.place.sent();
        bob.give_segment(2);
        bob.followed();
        bob.place.type("/since 1\n");
        bob.place.sent_as<FindFrame>();
        bob.give_start();
        Lookup& lookup = bob.place.talk.lookup;
        CHECK(lookup.go_on());
        CHECK(lookup.go_on());
        CHECK(std::get<1>(bob.place.sent_as<NextFrame>().first) == 1);
        CHECK_FALSE(lookup.go_on());
        bob.place.refuse(Refusal::not_now);
        CHECK(lookup.go_on());
        CHECK_FALSE(lookup.is_running());
        CHECK(bob.place.shown().find("line 2\n") != std::string::npos);
    }

    TEST_CASE("lookup: a long search lets the client and the rooms go on and another one waits") {
        Member bob;
        Lookup& lookup = bob.place.talk.lookup;
        bob.say(Lookup::slice * (Lookup::slices_in_order + 2));
        bob.place.talk.rooms.wake();
        while (!bob.place.talk.rooms.has_caught_up()) bob.followed();
        bob.place.type("/search nothing\n");
        bob.place.sent_as<FindFrame>();
        bob.give_start();
        for (unsigned slices = 0; slices < Lookup::slices_in_order; ++slices) {
            CHECK(lookup.holds_client());
            CHECK(lookup.go_on());
        }
        CHECK_FALSE(lookup.holds_rooms());
        CHECK_FALSE(bob.place.talk.is_busy());
        bob.place.type("hello\n");
        CHECK(bob.place.sent_as<SayFrame>().second == "hello");
        CHECK(lookup.go_on()); // while the hub is asked something else
        bob.place.accept();
        bob.place.type("/search 7\n/who\n");
        CHECK(lookup.holds_client());
        CHECK(bob.place.sent().empty());
        while (bob.place.shown().find("There are no such lines.") == std::string::npos) CHECK(lookup.go_on());
        CHECK(lookup.go_on());
        bob.place.sent_as<FindFrame>();
        CHECK(lookup.is_running());
    }

    TEST_CASE("lookup: who leaves or quits waits for the search and so does a script that has ended") {
        Member bob;
        Lookup& lookup = bob.place.talk.lookup;
        bob.say(Lookup::slice * (Lookup::slices_in_order + 2));
        bob.place.talk.rooms.wake();
        while (!bob.place.talk.rooms.has_caught_up()) bob.followed();
        std::string command;
        SUBCASE("leaves") { command = "/leave\n"; }
        SUBCASE("quits") { command = "/quit bye\n"; }
        SUBCASE("a script") {}
        if (command.empty()) bob.place.end_input();
        bob.place.talk.typing.obey({"/search nothing"});
        bob.place.sent_as<FindFrame>();
        bob.give_start();
        for (unsigned slices = 0; slices < Lookup::slices_in_order; ++slices) CHECK(lookup.go_on());
        CHECK(lookup.holds_client() == command.empty());
        if (command.empty()) return;
        bob.place.type(command);
        CHECK(bob.place.sent().empty());
        CHECK(lookup.holds_client());
        while (lookup.is_running()) CHECK(lookup.go_on());
        CHECK(bob.place.shown().find("There are no such lines.") != std::string::npos);
        bob.place.obey();
        if (command == "/leave\n")
            bob.place.sent_as<LeaveFrame>();
        else
            CHECK(bob.place.sent_as<QuitFrame>().second == "bye");
    }
}
