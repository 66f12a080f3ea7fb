// SPDX-License-Identifier: ISC
// chatd's own directives: what they take, and what they say of what they do not take.
#include "chatd/protocol.hh"
#include "chatd/settings.hh"
#include "common/errors.hh"
#include "common/keeper/keeper_link.hh"

#include <doctest/doctest.h>

using namespace chatd;

namespace {

using Lines = std::vector<std::string>;

Settings settings_of(const Lines& lines) { return make_settings(common::read_config("", lines)); }

std::string refusal_of(const Lines& lines) {
    try {
        settings_of(lines);
        return "nothing was thrown";
    } catch (const common::UserError& error) {
        return error.what();
    }
}

bool is_refused(const Lines& lines, std::string_view because) {
    const std::string why = refusal_of(lines);
    if (why.find(because) == why.npos) MESSAGE(why);
    return why.find(because) != why.npos;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a listener for TLS needs a certificate and a path has no TLS") {
        const Settings settings = settings_of({"listen *:2323", "listen *:6697 tls", "certificate /a /b",
                                               "listen \"unix:/run/my chat tls\"", "tls-minimum 1.3"});
        REQUIRE(settings.listen.size() == 3);
        const common::ListenPlace plain{settings.listen[0]}, secure{settings.listen[1]},
            path{settings.listen[2]};
        CHECK_FALSE(plain.is_tls);
        CHECK(plain.address == "*:2323");
        CHECK(secure.is_tls);
        CHECK(secure.address == "*:6697");
        CHECK_FALSE(path.is_tls);
        CHECK(path.address == "unix:/run/my chat tls");
        CHECK(settings.tls.least_minor == 3);
        CHECK(is_refused({"listen *:6697 tls"}, "add `certificate CERT KEY'"));
        CHECK(is_refused({"listen *:6697 ssl"}, "an address"));
        CHECK(is_refused({"listen unix:/x tls", "certificate /a /b"}, "leave out tls"));
        CHECK(is_refused({"certificate /a"}, "takes two files"));
        CHECK(common::speaks_tls("listen 127.0.0.1:6697 tls"));
        CHECK(common::speaks_tls("listen 127.0.0.1:0 tls+"));
        CHECK_FALSE(common::speaks_tls("listen 127.0.0.1:0"));
        CHECK_FALSE(common::speaks_tls("listen unix:/run/my chat tls"));
        CHECK_FALSE(common::speaks_tls("inherited 127.0.0.1:6697 3"));
    }

    TEST_CASE("a listener for IRC may be one for TLS as well and a path") {
        const std::string certificate = "certificate /a /b";
        const Settings settings =
            settings_of({"listen *:6667 irc", "listen *:6697 tls irc", "listen *:6698 irc tls",
                         "listen unix:/run/irc irc", "listen unix:/run/irc", certificate});
        REQUIRE(settings.listen.size() == 5);
        CHECK(settings.listen[1] == "*:6697 irc tls");
        CHECK(settings.listen[2] == "*:6698 irc tls");
        const std::vector<common::ListenPlace> places{settings.listen.begin(), settings.listen.end()};
        CHECK(places[0].address == "*:6667");
        CHECK(places[1].address == "*:6697");
        CHECK(places[3].address == "unix:/run/irc");
        for (const std::size_t at : {0, 1, 2, 3, 4}) {
            CAPTURE(at);
            CHECK(places[at].is_irc == (at != 4));
            CHECK(places[at].is_tls == (at == 1 || at == 2));
        }
        CHECK(is_refused({"listen *:6697 irc tls"}, "add `certificate CERT KEY'"));
        CHECK(is_refused({"listen *:6667 irc irc"}, "an address"));
        CHECK(is_refused({"listen *:6697 tls tls", certificate}, "an address"));
        CHECK(is_refused({"listen unix:/x tls irc", certificate}, "leave out tls"));
        CHECK(is_refused({"listen \"unix:/x irc\""}, "choose another path"));
        CHECK(common::speaks_irc("listen 127.0.0.1:6667 irc"));
        CHECK(common::speaks_irc("listen 127.0.0.1:0 irc+"));
        CHECK(common::speaks_irc("listen 127.0.0.1:0 irc tls+"));
        CHECK(common::speaks_tls("listen 127.0.0.1:0 irc tls+"));
        CHECK(common::speaks_irc("listen unix:/run/irc irc"));
        CHECK_FALSE(common::speaks_tls("listen 127.0.0.1:6667 irc"));
        CHECK_FALSE(common::speaks_irc("listen 127.0.0.1:6697 tls"));
        CHECK_FALSE(common::speaks_irc("inherited unix:/x irc 5")); // its path ends so
        CHECK(common::speaks_irc("inherited unix:/x 5 irc"));
        CHECK_FALSE(common::speaks_tls("inherited unix:/x 5 tls"));
        CHECK(common::speaks_tls("inherited 127.0.0.1:990 5 tls"));
    }

    TEST_CASE("codes that IRC cannot carry are named where some may come that speak it") {
        Lines lines{"room a code moon", "room b code \"full moon\"", "room c code a,b", "room d code :d",
                    "room e"};
        CHECK(notes_on_irc(settings_of(lines)).empty());
        lines.push_back("listen *:6667 irc");
        const auto notes = notes_on_irc(settings_of(lines));
        REQUIRE(notes.size() == 3);
        CHECK(notes[0].text ==
              "room b: IRC cannot carry its code, since it holds a blank: nobody enters it that way");
        CHECK(notes[1].text.starts_with("room c: IRC cannot carry its code, since it holds a comma"));
        CHECK(notes[2].text.starts_with("room d: IRC cannot carry its code, since it begins with a colon"));
    }

    TEST_CASE("chatd's defaults are one open room and twenty lines of history") {
        const Settings settings = settings_of({});
        REQUIRE(settings.rooms.size() == 1);
        CHECK(settings.rooms[0].name == "lobby");
        CHECK(settings.rooms[0].code.empty());
        CHECK(settings.rooms[0].history);
        CHECK(settings.rooms[0].keep_bytes == 256 << 20);
        CHECK(settings.rooms[0].keep_age == std::chrono::hours{24} * 0);
        CHECK(settings.history_on_join == 20);
        CHECK(settings.idle_timeout.count() == 0);
    }

    TEST_CASE("a room takes its options in any order and room repeats") {
        const Settings settings =
            settings_of({"room plans keep-days 7 code \"two words\" history off keep-bytes 1000",
                         "room 会议 code 密码", "room open"});
        REQUIRE(settings.rooms.size() == 3);
        CHECK(settings.rooms[0].code == "two words");
        CHECK_FALSE(settings.rooms[0].history);
        CHECK(settings.rooms[0].keep_bytes == 1000);
        CHECK(settings.rooms[0].keep_age == std::chrono::hours{24} * 7);
        CHECK(settings.rooms[1].name == "会议");
        CHECK(settings.rooms[1].code == "密码");
        CHECK(settings.rooms[2].name == "open");
        CHECK(settings_of({"history-on-join 0"}).history_on_join == 0);
        CHECK(settings_of({"history-on-join 1000"}).history_on_join == 1000);
    }

    TEST_CASE("there are so many rooms and files without names of their logs and no more") {
        const std::string many = "there are too many rooms";
        const std::uint64_t file = 16 << 20, most = (max_parts_of_rooms - 4) * file;
        const auto keep = [](std::uint64_t bytes) { return " keep-bytes " + std::to_string(bytes); };
        CHECK_NOTHROW(settings_of({"room a history off" + keep(most)}));
        CHECK(is_refused({"room a history off" + keep(most + file)}, many));
        CHECK(is_refused({"room a history off" + keep(most), "room b"}, many));
        CHECK_NOTHROW(settings_of({"room a" + keep(2 * most), "room b" + keep(2 * most)}));
        CHECK(is_refused(Lines(max_parts_of_rooms + 1, "room a"), many)); // whatever else is wrong
    }

    TEST_CASE("a room's name must do for a folder and a line") {
        const std::string longest(max_room_name, 'r');
        CHECK(settings_of({"room " + longest}).rooms[0].name == longest);
        for (const std::string name :
             {"..", ".hidden", "a/b", "/", "-x", "\"\"", "\"a b\"", "\"a\tb\"", "a\\b", "a\x1b", "\xff",
              "a\u202e", "a\u00a0b", "\u2800", "'", "a:b", "\"#a\"", "lоbby", "e\u0301"})
            CHECK(is_refused({"room " + name}, "cannot name a room"));
        CHECK(is_refused({"room r" + longest}, "1 to 64"));
        CHECK(settings_of({"room _a.b-c'd"}).rooms[0].name == "_a.b-c'd");
        CHECK(is_refused({"room lobby code 1", "room 1obby code 2"},
                         "rooms lobby and 1obby look alike: give one another name"));
        CHECK(is_refused({"room Dev code 1", "room dev code 2"}, "look alike"));
    }

    TEST_CASE("what is wrong in a room's line is named") {
        CHECK(is_refused({"room"}, "takes a name"));
        CHECK(is_refused({"room a colour red"}, "no room option 'colour'"));
        CHECK(is_refused({"room a code"}, "'code' needs a word"));
        CHECK(is_refused({"room a code \"\""}, "1 to 128 bytes"));
        CHECK(is_refused({"room a code " + std::string(max_code + 1, 'c')}, "1 to 128 bytes"));
        CHECK(is_refused({"room a history maybe"}, "on or off"));
        CHECK(is_refused({"room a keep-bytes much"},
                         "'much' is not a size: write a number of bytes, or a number followed by K"));
        CHECK(is_refused({"room a keep-bytes -1"}, "is not a size"));
        CHECK(is_refused({"room a keep-days 1.5"}, "is not a number of days"));
        CHECK(is_refused({"room a keep-days 99999999999999999999"}, "is not a number of days"));
        CHECK(is_refused({"history-on-join 1001"}, "a number of lines"));
        CHECK(is_refused({"history-on-join"}, "a number of lines"));
    }

    TEST_CASE("a room's option that is given twice is refused") {
        CHECK(is_refused({"room a code x code y"}, "'code' is given twice: remove one"));
        CHECK(is_refused({"room a hidden hidden"}, "'hidden' is given twice"));
    }

    TEST_CASE("sizes and ages of a room's log take units") {
        const RoomSettings room = settings_of({"room a keep-bytes 1M keep-days 90"}).rooms[0];
        CHECK(room.keep_bytes == 1 << 20);
        CHECK(room.keep_age == std::chrono::hours{24 * 90});
        CHECK(settings_of({"room a keep-days 36h"}).rooms[0].keep_age == std::chrono::hours{36});
        CHECK(is_refused({"room a keep-days 90s"}, "'90s' is not a number of days"));
    }

    TEST_CASE("a room takes a topic and a limit and two flags") {
        const RoomSettings room =
            settings_of({"room a moderated topic \"two words\" hidden max 7 code x"}).rooms[0];
        CHECK(room.moderated);
        CHECK(room.hidden);
        CHECK(room.topic == "two words");
        CHECK(room.max_members == 7);
        CHECK(room.code == "x");
        CHECK(is_refused({"room a topic"}, "needs a word"));
        CHECK(is_refused({"room a topic " + std::string(max_topic + 1, "x"[0])}, "at most 400"));
        CHECK(is_refused({"room a max many"}, "not a number of members"));
    }

    TEST_CASE("flood and lag and resuming and language are read and refused") {
        CHECK(settings_of({}).flood.lines == 20);
        CHECK(settings_of({}).flood.seconds == 10);
        CHECK(settings_of({"flood off"}).flood.lines == 0);
        CHECK(settings_of({"flood 5/60"}).flood.seconds == 60);
        for (const std::string wrong : {"on", "5", "5/", "/5", "0/5", "5/0", "5/5/5", "-1/5"})
            for (const std::string directive : {"flood ", "flood-per-address "})
                CHECK(is_refused({directive + wrong}, "that is not off, or a number of lines, a slash"));
        CHECK(settings_of({"max-lag 0"}).max_lag == 0);
        CHECK(settings_of({}).max_lag == 1'000'000);
        CHECK(settings_of({"resume-time 0"}).resume_time.count() == 0);
        CHECK(settings_of({"resume-time 5m"}).resume_time.count() == 300);
        CHECK(settings_of({"flood 100/1m"}).flood.seconds == 60);
        CHECK(is_refused({"resume-time 86401"}, "'86401' is not a length of time from 0 to 1d: write a "
                                                "number of seconds, or a number followed by"));
        CHECK(is_refused({"resume-time 2d"}, "length of time"));
        CHECK(settings_of({"lang zh"}).language == Language::chinese);
        CHECK(is_refused({"lang fr"}, "not one of en, zh"));
        CHECK(settings_of({"create-rooms on"}).create_rooms);
        const std::string hash = " $6$saltsalt$" + std::string(86, 'x');
        CHECK(settings_of({"operator " + std::string(max_operator_name, 'x') + hash}).operators.size() == 1);
        CHECK(is_refused({"operator " + std::string(max_operator_name + 1, 'x') + hash},
                         "cannot name an operator"));
        CHECK_FALSE(settings_of({}).create_rooms);
    }

    TEST_CASE("an address may say ten times what a client may unless it is told otherwise") {
        const auto limit_of = [](const std::vector<std::string>& lines) {
            const FloodLimit limit = settings_of(lines).address_limit();
            return std::pair{limit.lines, limit.seconds};
        };
        CHECK(limit_of({}) == std::pair{200U, 10U});
        CHECK(limit_of({"flood 5/1m"}) == std::pair{50U, 60U});
        CHECK(limit_of({"flood off"}).first == 0);
        CHECK(limit_of({"flood-per-address off"}).first == 0);
        CHECK(limit_of({"flood off", "flood-per-address 7/1h"}) == std::pair{7U, 3600U});
        CHECK(settings_of({}).lines_at_once() == 2);
        CHECK(settings_of({"flood off"}).lines_at_once() == 0);
        CHECK(settings_of({"flood off", "flood-per-address 50/1"}).lines_at_once() == 5);
        CHECK(settings_of({"flood-per-address 10/1"}).lines_at_once() == 1);
        CHECK(settings_of({"flood-per-address off"}).lines_at_once() == 2);
    }

    TEST_CASE("no two rooms have the same name or could be entered with the same word") {
        CHECK(is_refused({"room a", "room a code x"}, "room a is given twice"));
        CHECK(is_refused({"room a code x", "room b code x"},
                         "rooms a and b would be entered with the same word"));
        CHECK(is_refused({"room a", "room b code a"}, "would be entered with the same word"));
        CHECK(is_refused({"room b code a", "room a"}, "would be entered with the same word"));
        CHECK(settings_of({"room a code b", "room b code a"}).rooms.size() == 2);
        CHECK(settings_of({"room a code x", "room b code X"}).rooms.size() == 2);
    }
}
