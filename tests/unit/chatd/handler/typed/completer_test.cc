// SPDX-License-Identifier: ISC
// The Tab key between client and hub: who is asked for what can stand there, and what is shown of several.
#include "chatd/handler/typed/completer.hh"

#include "tests/unit/chatd/handler/typed/talk_place.hh"

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("completer: commands are known here and several are shown") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.talk.completer.begin("/m");
        CHECK_FALSE(place.talk.completer.ask());
        CHECK(place.sent().empty());
        CHECK(place.shown() == "me  moderate  msg  mute\n");
    }

    TEST_CASE("completer: the hub is asked for names in pieces and one's own is none of them") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        Completer& completer = place.talk.completer;
        completer.begin("hello a");
        CHECK_FALSE(completer.is_asking());
        CHECK(completer.ask());
        CHECK(completer.is_asking());
        CHECK(place.sent_as<WhoFrame>().second == "lobby");
        CHECK_FALSE(completer.ask());
        place.hear(ListingFrame::make("ada\t\t\nanna\to\t\nbob\t\t", std::uint32_t{3}));
        CHECK(std::get<0>(place.sent_as<WhoFrame>().first) == 3);
        CHECK(completer.is_asking());
        place.hear(ListingFrame::make("abe\t\t", std::uint32_t{0}));
        CHECK(place.shown() == "abe  anna\n");
        CHECK_FALSE(place.talk.hub.is_waiting());
    }

    TEST_CASE("completer: rooms are asked for also in no room and names are not") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.type("/leave\n");
        place.sent();
        place.accept();
        place.shown();
        place.talk.completer.begin("/join ");
        CHECK(place.talk.completer.ask());
        place.sent_as<RoomsFrame>();
        place.hear(ListingFrame::make("plans\t\t1\t\nlobby\t\t1\t", std::uint32_t{0}));
        CHECK(place.shown() == "lobby  plans\n");
        place.talk.completer.begin("hello a");
        CHECK_FALSE(place.talk.completer.ask());
        CHECK(place.shown().empty());
    }

    TEST_CASE("completer: a room that was left before the hub could be asked ends it") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.type("/leave\n");
        place.sent();
        place.talk.completer.begin("hello a");
        place.accept();
        place.shown();
        CHECK(place.talk.completer.ask());
        CHECK(place.sent().empty());
        CHECK_FALSE(place.talk.completer.ask());
    }

    TEST_CASE("completer: a second Tab waits for the first and what the hub refuses ends it") {
        TalkPlace place;
        place.be_inside("ada", 1, "lobby");
        place.talk.completer.begin("hello a");
        place.talk.completer.begin("/m");
        CHECK(place.shown().empty());
        place.talk.completer.ask();
        place.sent_as<WhoFrame>();
        place.refuse(Refusal::no_such_room);
        CHECK(place.shown().empty());
        place.talk.completer.begin("/m");
        CHECK_FALSE(place.shown().empty());
    }

    TEST_CASE("completer: where a secret is typed nothing is completed") {
        TalkPlace place;
        place.be_named("ada");
        place.shown();
        place.talk.completer.begin("/m");
        CHECK_FALSE(place.talk.completer.ask());
        CHECK(place.shown().empty());
    }
}
