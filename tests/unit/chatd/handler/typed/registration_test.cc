// SPDX-License-Identifier: ISC
// How a client comes in: what it is asked and told, and what the hub is asked for it.
#include "chatd/handler/typed/registration.hh"

#include "common/text.hh"
#include "tests/unit/chatd/handler/typed/talk_place.hh"

#include <array>

using namespace chatd;
using State = Registration::State;

namespace {

constexpr std::string_view ask_name = "Your name: ", ask_code = "Room code: ", ask_password = "Password: ";

constexpr std::string_view dropped = "What you had sent ahead was thrown away.";

// How a client speaks to the handler: what it sends first, and what ends its lines.
struct Speaker {
    std::string_view name, opening, line_end;
};
constexpr std::array speakers{
    Speaker{"nc", "", "\n"},
    // WILL TERMINAL-TYPE, its answer, DO ECHO, DO SGA: its keys are sent as they are pressed
    Speaker{"telnet", std::string_view{"\xff\xfb\x18\xff\xfa\x18\0xterm\xff\xf0\xff\xfd\x01\xff\xfd\x03", 20},
            "\r"},
    // WONT TERMINAL-TYPE, DONT ECHO, DONT SGA: it edits its lines itself
    Speaker{"telnet that edits", "\xff\xfc\x18\xff\xfe\x01\xff\xfe\x03", "\r\n"},
};

bool ends_with(const std::string& whole, std::string_view end) {
    return whole.size() >= end.size() && std::string_view{whole}.substr(whole.size() - end.size()) == end;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("registration: a name is asked for and then the rooms are told of and a code is asked for") {
        TalkPlace place;
        place.talk.registration.ask_for_name();
        CHECK(place.shown() == ask_name);
        place.type("ada\n");
        CHECK(place.sent_as<NameFrame>().second == "ada");
        place.accept("ada");
        place.sent_as<RoomsFrame>();
        CHECK(place.shown().empty());
        place.hear(ListingFrame::make("lobby\tf\t2\t\nplans\t\t0\t", std::uint32_t{2}));
        CHECK(std::get<0>(place.sent_as<RoomsFrame>().first) == 2); // the rest of the list
        place.hear(ListingFrame::make("extra\t\t0\t", std::uint32_t{0}));
        CHECK(place.shown() == "Enter alone: lobby\nOpen rooms (3): lobby, plans, extra\nRoom code: ");
        CHECK(place.talk.registration.state() == State::asking_code);
    }

    TEST_CASE("registration: a name that is too long is refused without asking the hub") {
        TalkPlace place;
        place.type(std::string(max_name + 1, 'x') + '\n');
        CHECK(place.sent().empty());
        CHECK(ends_with(place.shown(), ask_name));
        place.type(std::string(max_name, 'x') + '\n');
        CHECK(place.sent_as<NameFrame>().second.size() == max_name);
        place.refuse(Refusal::name_taken);
        CHECK(place.shown() == common::text("Somebody here has that name: choose another.\n", ask_name));
        CHECK(place.talk.registration.tries_left() == max_tries);
    }

    TEST_CASE("registration: a program that sends its answers ahead is not greeted") {
        TalkPlace place;
        place.type("ada\ns3cret\n");
        place.sent_as<NameFrame>();
        place.accept("ada");
        CHECK(place.sent().empty());
        CHECK(place.shown() == ask_code);
        place.obey();
        CHECK(place.sent_as<EnterFrame>().second == "s3cret");
        place.enter(1, "lobby\n\nbob", TalkPlace::empty_log(), 1);
        CHECK(place.shown() == "You are in lobby. /help lists what you can do.\n");
    }

    TEST_CASE("registration: wrong codes are counted and the last try is the end") {
        TalkPlace place;
        place.be_named("ada");
        place.shown();
        for (unsigned left = max_tries - 1; left > 0; --left) {
            place.type("wrong\n");
            place.sent_as<EnterFrame>();
            place.refuse(Refusal::wrong_code);
            CHECK(place.shown() ==
                  common::text("No room has that code. Tries left: ", left, ".\n", ask_code));
            CHECK_FALSE(place.talk.output.is_ending());
        }
        place.type("wrong\n");
        place.sent_as<EnterFrame>();
        place.refuse(Refusal::wrong_code);
        CHECK(place.shown() == "No room has that code. That was the last try.\n");
        CHECK(place.talk.output.is_ending());
    }

    TEST_CASE("registration: a code may look like a command and one that is too long is only counted") {
        TalkPlace place;
        place.be_named("ada");
        place.type("/secret\n"); // no command
        CHECK(place.sent_as<EnterFrame>().second == "/secret");
        place.refuse(Refusal::wrong_code);
        place.type("//help\n");
        CHECK(place.sent_as<EnterFrame>().second == "/help");
        place.refuse(Refusal::no_such_room);
        place.type(std::string(max_text + 1, 'x') + '\n');
        CHECK(place.sent_as<EnterFrame>().second == "\n");
    }

    TEST_CASE("registration: a password is asked for and an empty line asks for another name") {
        TalkPlace place;
        place.type("root\n");
        place.sent_as<NameFrame>();
        place.refuse(Refusal::password_needed);
        CHECK(place.shown() == ask_password);
        place.type("wrong\n");
        CHECK(place.sent_as<LoginFrame>().second == "wrong");
        place.refuse(Refusal::wrong_password);
        CHECK(ends_with(place.shown(), common::text("Enter alone: another name.\n", ask_password)));
        CHECK(place.talk.registration.tries_left() == max_tries);
        place.type(std::string(max_code + 1, 'x') + '\n');
        CHECK(place.sent_as<LoginFrame>().second == "\n");
        place.refuse(Refusal::name_taken); // meanwhile
        CHECK(place.talk.registration.state() == State::asking_name);
        place.type("root\n");
        place.sent_as<NameFrame>();
        place.refuse(Refusal::password_needed);
        place.shown();
        place.type("\n");
        CHECK(place.sent().empty());
        CHECK(place.shown() == ask_name);
    }

    // A name whose password nobody can look at now; a password itself; and a user who may not be here.
    TEST_CASE("registration: what was sent ahead is no name when the question before went wrong") {
        for (const Speaker& speaker : speakers) {
            CAPTURE(speaker.name);
            const std::string end{speaker.line_end};
            TalkPlace place;
            place.talk.registration.ask_for_name();
            place.type(speaker.opening);
            const auto dropped_after = [&](Refusal why) {
                place.refuse(why);
                const std::string shown = place.shown();
                place.obey();
                CHECK(place.sent().empty());
                CHECK_FALSE(place.talk.input.has_lines());
                return shown.find(dropped) != shown.npos;
            };
            place.type("zoe" + end + "pass-zoe" + end + "s3cret" + end);
            CHECK(place.sent_as<NameFrame>().second == "zoe");
            CHECK(dropped_after(Refusal::not_now));
            CHECK(place.talk.registration.state() == State::asking_name);

            place.type("zoe" + end);
            place.sent_as<NameFrame>();
            CHECK_FALSE(dropped_after(Refusal::not_now)); // there was nothing
            place.type("zoe" + end);
            place.sent_as<NameFrame>();
            place.refuse(Refusal::password_needed);
            place.shown();
            for (const Refusal why : {Refusal::not_now, Refusal::held_off}) {
                place.type("pass-zoe" + end + "s3cret" + end);
                CHECK(place.sent_as<LoginFrame>().second == "pass-zoe");
                CHECK(dropped_after(why));
                CHECK(place.talk.registration.state() == State::asking_password);
            }
            place.type("pass-zoe" + end + "s3cret" + end);
            CHECK(place.sent_as<LoginFrame>().second == "pass-zoe");
            CHECK(dropped_after(Refusal::name_banned));
            CHECK(place.talk.registration.state() == State::asking_name);
            place.type("eve" + end);
            CHECK(place.sent_as<NameFrame>().second == "eve");
        }
    }

    TEST_CASE("registration: what was sent ahead is dropped as far as it has come") {
        TalkPlace place;
        place.type("zoe\npass");
        place.sent_as<NameFrame>();
        place.send_unread("-zoe\ns3cret\n");
        place.refuse(Refusal::not_now);
        CHECK(ends_with(place.shown(), common::text(dropped, '\n', ask_name)));
        place.obey();
        CHECK(place.sent().empty());
        place.type("zoe\npass");
        place.sent_as<NameFrame>();
        place.refuse(Refusal::not_now);
        place.type("-zoe\nzoe\n"); // the rest of that line is no name either
        CHECK(place.sent_as<NameFrame>().second == "zoe");
    }

    TEST_CASE("registration: another password that was sent ahead is tried") {
        TalkPlace place;
        place.type("root\n");
        place.sent_as<NameFrame>();
        place.refuse(Refusal::password_needed);
        place.type("wrong\nright\n");
        CHECK(place.sent_as<LoginFrame>().second == "wrong");
        place.refuse(Refusal::wrong_password);
        place.obey();
        CHECK(place.sent_as<LoginFrame>().second == "right");
    }

    TEST_CASE("registration: who enters is told the topic and who is there") {
        const auto greeting = [](std::string_view words, std::uint32_t others) {
            TalkPlace place;
            place.be_named("ada");
            place.type("\n");
            place.sent_as<EnterFrame>();
            place.shown();
            place.enter(1, words, TalkPlace::empty_log(), others);
            CHECK(place.talk.registration.is_inside());
            CHECK(place.talk.rooms.current()->name() == "lobby");
            const std::string shown = place.shown();
            return shown.substr(shown.find('\n') + 1);
        };
        const Catalogues catalogues;
        const LineDialect nc;
        const Display display{catalogues, Language::english, nc};
        CHECK(greeting("lobby", 0) == display.line(Phrase::nobody_present));
        CHECK(greeting("lobby\npeace\nbob\neve", 2) ==
              display.line(Phrase::topic_is, "lobby", "peace") + display.line(Phrase::present, "bob, eve"));
        CHECK(greeting("lobby\n\nbob\neve", 12) == display.line(Phrase::present_and_more, "bob, eve", "10"));
    }

    TEST_CASE("registration: a token is shown in the first room and who resumes is welcomed back") {
        TalkPlace place;
        place.be_named("ada");
        place.hear(TokenFrame::make("abc"));
        CHECK(place.shown().find("abc") == std::string::npos);
        place.type("\n");
        place.enter(1, "lobby", TalkPlace::empty_log());
        CHECK(place.shown().find("/resume abc") != std::string::npos);

        TalkPlace again;
        again.type("/resume abc 7\n");
        CHECK(std::get<0>(again.sent_as<ResumeFrame>().first) == 7);
        again.hear(ResumedFrame::make("ada", std::uint32_t{2}, std::uint64_t{0}, std::uint8_t{3}));
        CHECK(again.talk.registration.is_inside());
        CHECK(again.talk.hub.is_waiting());
        again.enter(1, "lobby\n\nbob", TalkPlace::empty_log(), 1);
        CHECK(again.talk.hub.is_waiting());
        again.enter(2, "plans", TalkPlace::empty_log());
        CHECK_FALSE(again.talk.hub.is_waiting());
        const std::string shown = again.shown();
        CHECK(shown.find("Welcome back, ada.\n") != shown.npos);
        CHECK(shown.find("bob") == shown.npos); // it knows who is there
    }

    TEST_CASE(
        "registration: a return that another hub has to finish welcomes nobody twice and doubles no room") {
        TalkPlace place;
        place.type("/resume abc\n");
        const std::string asked = place.sent();
        const std::string resumed =
            ResumedFrame::make("ada", std::uint32_t{2}, std::uint64_t{0}, std::uint8_t{3});
        place.hear(resumed);
        place.enter(1, "lobby", TalkPlace::empty_log());
        CHECK(place.shown().find("Welcome back") != std::string::npos);
        place.hear(AgainFrame::make({}, protocol_version, std::uint32_t{2}));
        CHECK(std::get<1>(place.sent_as<HereFrame>().first) == 1);
        CHECK(place.sent() == asked);
        place.hear(resumed);
        place.enter(1, "lobby", TalkPlace::empty_log());
        CHECK(place.shown().empty());
        CHECK(place.talk.hub.is_waiting());
        place.enter(2, "plans", TalkPlace::empty_log());
        CHECK(place.shown().find("plans") != std::string::npos);
        CHECK_FALSE(place.talk.hub.is_waiting());
        CHECK(place.talk.rooms.current_number() == 2);
        CHECK(place.talk.rooms.next_behind_current().number() == 1);
        place.talk.rooms.leave(place.talk.rooms.current_number());
        place.talk.rooms.leave(place.talk.rooms.current_number());
        CHECK_FALSE(place.talk.rooms.is_in_any());
    }

    TEST_CASE("registration: a room that cannot be entered again leaves the others to come") {
        TalkPlace place;
        place.type("/resume abc\n");
        place.hear(ResumedFrame::make("ada", std::uint32_t{2}, std::uint64_t{0}, std::uint8_t{3}));
        place.refuse(Refusal::room_banned);
        CHECK(place.talk.hub.is_waiting());
        place.enter(2, "plans", TalkPlace::empty_log());
        CHECK_FALSE(place.talk.hub.is_waiting());
        CHECK(place.talk.rooms.current()->name() == "plans");
    }
}
