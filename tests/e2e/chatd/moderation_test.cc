// SPDX-License-Identifier: ISC
// What operators and the administrator do to others, who sees it, and who may not do it.
#include "tests/e2e/chat_client.hh"

#include "common/fd.hh"
#include "common/text.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/observe.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

const Words rooms{"room lobby", "room plans code s3cret", "create-rooms on"};
const std::string nobody = "Nobody here has that name: /who lists them.";
const std::string not_operator = "Only an operator can do that.";

// A room called den, whose operator is ada, with bob in it.
struct Den {
    Den() {
        ada.send("/join den\n");
        ada.wait_for_line(welcome_to("den"));
        bob.send("/join den\n");
        bob.wait_for_line(welcome_to("den"));
        ada.wait_for_line("bob joined");
    }
    // So that there is one order of what ada sees.
    void leave_lobby() {
        ada.send("/switch lobby\n/leave\n");
        ada.wait_for_line("You now speak in den.");
    }
    const Daemon daemon{chatd_with(rooms)};
    ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a disk that takes long to take a ban holds nobody up and the ban is saved when it can be") {
        Den den;
        const Path beside = den.daemon.state() / "bans.new", saved = den.daemon.state() / "bans";
        REQUIRE(::mkfifo(beside.c_str(), 0600) == 0); // who opens it to write waits for a reader
        REQUIRE(::chmod(beside.c_str(), 0666) == 0);
        den.leave_lobby();
        for (const std::string_view name : {"eve", "mallory", "trudy"}) {
            den.ada.say(text("/ban ", name, " 1h"));
            den.ada.expect_line(text("ada banned ", name, " 1h"));
        }
        den.bob.say("still here");
        den.ada.expect_line("bob say: still here");
        CHECK(chatctl(den.daemon, {"bans"}).find("trudy ") != std::string::npos);
        CHECK_FALSE(std::filesystem::exists(saved));
        const common::Fd reader{::open(beside.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
        REQUIRE(reader);
        wait_until("the bans are saved", [&] {
            return std::filesystem::exists(saved) && read_file(saved).find("trudy") != std::string::npos;
        });
        CHECK(read_file(saved).find("eve") != std::string::npos);
    }

    TEST_CASE("who is no operator of a room can do nothing to others in it") {
        const Daemon daemon{chatd_with(rooms)};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        for (const std::string_view act :
             {"kick bob", "mute bob", "unmute bob", "ban bob", "unban bob", "bans", "moderate on",
              "moderate off", "voice bob", "unvoice bob"}) {
            ada.say(text('/', act));
            ada.expect_line(not_operator);
        }
        ada.say("still here");
        bob.expect_line("ada say: still here");
    }

    TEST_CASE("an operator ends a connection and all rooms see it end") {
        Den den;
        den.leave_lobby();
        den.ada.send("/kick nobody1\n/kick\n/kick bob x\n/kick BOB\n");
        den.ada.expect_lines({nobody, "Usage: /kick NAME", nobody, "ada kicked bob", "bob left"});
        den.bob.wait_for_line("An operator has ended your connection.");
        den.bob.wait_for_end();
        CHECK(chatctl(den.daemon, {"history", "den"}).find("ada kicked bob\n") != std::string::npos);
        CHECK(den.daemon.log().find("kick bob by ada in den") != std::string::npos);
        ChatClient again{den.daemon, "bob"};
    }

    TEST_CASE("who throws itself out is gone and nobody else is") {
        Den den;
        den.ada.say("/kick ada");
        den.ada.wait_for_line("An operator has ended your connection.");
        den.bob.wait_for_line("ada left");
        den.bob.say("/who");
        den.bob.wait_for_line("bob");
    }

    TEST_CASE("who is muted may not speak in that room under any name until the time is over") {
        Den den;
        den.ada.send("/mute bob soon\n/mute nobody1\n/mute bob 10m\n/who\n");
        den.ada.expect_lines({"That is not a length of time: write seconds, or a number followed by s, m, h "
                              "or d, like 90, 5m or 2h.",
                              nobody, "ada muted bob 10m", "ada (operator)", "bob (muted)"});
        const std::string refusal = "You are muted here: the line was not sent.";
        den.bob.send("hello\n/me waves\n/topic mine\n/nick rob\n");
        den.bob.wait_for_line("ada muted bob 10m");
        for (int times = 0; times < 4; ++times) den.bob.expect_line(refusal);
        den.bob.send("/switch lobby\nhere I may\n");
        den.ada.expect_line("[lobby] bob say: here I may");
        den.ada.send("/unmute bob\n/unmute bob\n");
        den.ada.expect_lines({"ada unmuted bob", nobody});
        den.bob.send("/switch den\nhello\n");
        den.ada.expect_line("bob say: hello");
        den.ada.send("/mute bob 1s\n");
        den.ada.expect_line("ada muted bob 1s");
        wait_until("the time is over", [&] {
            den.bob.send("tick\n/help me\n");
            std::string line = den.bob.read_line();
            const bool refused = line == refusal;
            while (line.find("/me TEXT") == line.npos) line = den.bob.read_line();
            return !refused &&
                   chatctl(den.daemon, {"history", "den"}).find("bob say: tick") != std::string::npos;
        });
    }

    TEST_CASE("a mute follows who is muted to another name and connection and a stranger may speak") {
        const Daemon daemon{chatd_with(rooms)};
        ChatClient ada{daemon, "ada"}, bob{daemon};
        const std::string refusal = "You are muted here: the line was not sent.";
        bob.send("bob\n\n");
        bob.expect_line("Your name: Room code: " + welcome_to("lobby"));
        const std::string token = bob.expect_token();
        ada.expect_line("bob joined");
        chatctl(daemon, {"mute", "-r", "lobby", "bob", "1h"});
        ada.expect_line("administrator muted bob 1h");
        bob.send("/leave\n/nick rob\n/join lobby\nhello\n");
        bob.wait_for_line(refusal);
        ada.expect_lines({"bob left", "rob joined"});
        ChatClient stranger{daemon, "bob"};
        stranger.say("I am another");
        ada.expect_lines({"bob joined", "bob say: I am another"});
        bob.close();
        ada.expect_line("rob left");
        ChatClient back{daemon};
        back.send(text("/resume ", token, "\nhello\n"));
        back.wait_for_line(refusal);
        ada.expect_line("rob joined");
        chatctl(daemon, {"unmute", "-r", "lobby", "rob"});
        ada.expect_line("administrator unmuted rob");
        back.say("I may");
        ada.expect_line("rob say: I may");
    }

    TEST_CASE("a banned network is turned away and one that is none is refused with its form") {
        const Daemon daemon{chatd_with(rooms)};
        ChatClient ada{daemon, "ada"};
        CHECK(run_chatctl(daemon, {"ban", "127.0.0.0/33"}).err ==
              "chatctl: that is not a network: write it like 10.0.0.0/8 or 2001:db8::/32\n");
        chatctl(daemon, {"ban", "127.1.2.3/8", "1h"});
        ada.wait_for_line("You are banned.");
        ada.wait_for_end();
        CHECK(Connection{daemon.port()}.read_to_end() == "You are banned.\n");
        CHECK(chatctl(daemon, {"bans"}).find("127.0.0.0/8 ") != std::string::npos);
        chatctl(daemon, {"unban", "127.0.0.0/8"});
        ChatClient again{daemon, "bob"};
    }

    TEST_CASE("a ban of an account holds for it under every name") {
        const TempDir folder;
        write_file(folder / "users", text("chief:", hash_of("secret"), ":-:-\n"));
        const Daemon daemon{chatd_with({"room lobby", text("users ", (folder / "users").native())})};
        const auto log_in = [&](ChatClient& client) { client.send("chief\nsecret\n"); };
        ChatClient chief{daemon};
        log_in(chief);
        chief.send("\n/nick boss\n/nick boss\n/me is the boss\n/help me\n");
        chief.wait_for_line("  /me TEXT                      say what you do");
        chatctl(daemon, {"ban", "boss", "1h"});
        chief.wait_for_line("You are banned.");
        ChatClient again{daemon};
        log_in(again);
        again.wait_for_text("That name is banned here.");
        again.send("other\n");
        again.wait_for_text("That name is banned here."); // whatever it is
    }

    TEST_CASE("a ban ends the connection and keeps the name out of the room and holds after a restart") {
        const TempDir folder;
        const Words lines{"state " + (folder / "state").native(), "room lobby", "room plans code s3cret"};
        std::optional<Daemon> daemon{chatd_with(lines)};
        const auto ctl = [&](Words words) {
            words.insert(words.begin(), {"chatctl", "-s", folder / "state" / "control"});
            return run_client(words);
        };
        {
            ChatClient ada{*daemon, "ada", "s3cret"}, bob{*daemon, "bob", "s3cret"};
            CHECK(ctl({"ban", "-r", "plans", "Bob", "1h"}).status == 0);
            ada.wait_for_line("administrator banned Bob 1h");
            ada.expect_line("bob left");
            bob.wait_for_line("You are banned.");
            bob.wait_for_end();
        }
        CHECK(ctl({"ban", "eve"}).status == 0);
        for (int start = 0; start < 2; ++start) {
            ChatClient bob{*daemon, "BOB"};
            bob.send("/join plans s3cret\n");
            bob.expect_line("You are banned from that room.");
            ChatClient eve{*daemon};
            eve.send("Eve\n");
            eve.expect_line("Your name: That name is banned here.");
            const std::string bans = ctl({"bans"}).out;
            CHECK(bans.find("bob ") != std::string::npos);
            CHECK(bans.find("plans ") != std::string::npos);
            CHECK(bans.find("eve ") != std::string::npos);
            daemon->stop();
            daemon.emplace(chatd_with(lines));
        }
        CHECK(ctl({"unban", "bob"}).err == "chatctl: that ban is for one room: unban -r plans bob\n");
        CHECK(ctl({"unban", "-r", "plans", "eve"}).err == "chatctl: that ban is for all rooms: unban eve\n");
        CHECK(ctl({"unban", "zoe"}).err == "chatctl: there is no such ban: `bans' lists them\n");
        CHECK(ctl({"unban", "-r", "nowhere", "bob"}).status == 1);
        CHECK(ctl({"unban", "-r", "plans", "bob"}).status == 0);
        CHECK(ctl({"unban", "eve"}).status == 0);
        ChatClient bob{*daemon, "bob", "s3cret"}, eve{*daemon, "eve"};
    }

    TEST_CASE("every ban that is listed can be ended as it is listed") {
        const TempDir folder;
        const std::string state = "state " + std::string{folder / "state"};
        {
            const Daemon daemon{chatd_with({state, "room lobby", "room plans code s3cret"})};
            for (const Words& ban :
                 {Words{"-r", "plans", "Bob"}, Words{"ZOE"}, Words{"-r", "lobby", "2001:DB8:0:0::1", "1h"}}) {
                Words words{"chatctl", "-s", folder / "state/control", "ban"};
                words.insert(words.end(), ban.begin(), ban.end());
                REQUIRE(run_client(words).err.empty());
            }
        }
        const Daemon daemon{chatd_with({state, "room lobby"})}; // plans is gone
        std::istringstream bans{run_client({"chatctl", "-s", folder / "state/control", "bans"}).out};
        std::string line, whom, room;
        std::getline(bans, line); // the heading
        for (int left = 3; left > 0; --left) {
            REQUIRE((bans >> whom >> room && std::getline(bans, line)));
            Words words{"chatctl", "-s", folder / "state/control", "unban"};
            if (room != "-") words.insert(words.end(), {"-r", room});
            words.push_back(whom);
            CHECK(run_client(words).err.empty());
        }
        const std::string rest = run_client({"chatctl", "-s", folder / "state/control", "bans"}).out;
        CHECK(std::count(rest.begin(), rest.end(), '\n') == 1);
    }

    TEST_CASE("a banned address is turned away and those who came from it are disconnected") {
        const TempDir folder;
        const std::string socket = folder / "chat.sock";
        Daemon::Setting setting = chatd_with({"listen 127.0.0.1:0", "listen unix:" + socket});
        setting.listeners = 2;
        const Daemon daemon{setting};
        ChatClient ada{daemon, "ada"};
        chatctl(daemon, {"ban", "127.0.0.1"});
        ada.wait_for_line("You are banned.");
        ada.wait_for_end();
        CHECK(Connection{daemon.port()}.read_to_end() == "You are banned.\n");
        Connection local{common::Address::of_path(socket)};
        local.send("ada\n\n");
        CHECK(local.read_line() == "Your name: Room code: " + welcome_to("lobby"));
        chatctl(daemon, {"unban", "127.0.0.1"});
        ChatClient again{daemon, "bob"};
    }

    TEST_CASE("an operator bans from its own room only and can list and end that") {
        Den den;
        den.leave_lobby();
        den.ada.send("/bans\n/ban bob 1h\n/bans\n/unban eve\n/unban bob\n/bans\n");
        den.ada.expect_lines({"Nobody is banned.", "ada banned bob 1h", "bob left",
                              "bob (den) by ada, 60 minutes left", "There is no such ban: /bans lists them.",
                              "ada unbanned bob", "Nobody is banned."});
        den.bob.wait_for_line("You are banned.");
        ChatClient bob{den.daemon, "bob"};
    }

    TEST_CASE("in a moderated room those speak who have a voice and its operators") {
        Den den;
        const std::string refusal = "Only those with a voice may speak here: the line was not sent.";
        den.ada.send("/moderate maybe\n/moderate on\n");
        den.ada.expect_lines({"Usage: /moderate on|off", "ada lets only those with a voice speak"});
        den.bob.wait_for_line("ada lets only those with a voice speak");
        den.bob.say("hello");
        den.bob.expect_line(refusal);
        den.ada.say("I may");
        den.bob.expect_line("ada say: I may");
        den.ada.send("/voice nobody1\n/voice bob\n/who\n/unvoice eve\n");
        den.ada.expect_lines({nobody, "ada gave a voice to bob", "ada (operator)", "bob (voice)", nobody});
        den.bob.say("now I may");
        den.ada.expect_line("bob say: now I may");
        den.ada.send("/unvoice bob\n");
        den.ada.expect_line("ada took the voice of bob");
        den.bob.say("not any more");
        den.bob.wait_for_line(refusal);
        den.ada.send("/moderate off\n");
        den.ada.expect_line("ada lets everybody speak");
        den.bob.say("free");
        den.ada.expect_line("bob say: free");
    }

    TEST_CASE("a room can be moderated from the start and the administrator gives the voices") {
        const Daemon daemon{chatd_with({"room lobby moderated"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        ada.say("hello");
        ada.expect_line("Only those with a voice may speak here: the line was not sent.");
        chatctl(daemon, {"voice", "-r", "lobby", "ada"});
        ada.expect_line("administrator gave a voice to ada");
        ada.say("hello");
        bob.expect_lines({"administrator gave a voice to ada", "ada say: hello"});
        chatctl(daemon, {"moderate", "-r", "lobby", "off"});
        bob.expect_line("administrator lets everybody speak");
        chatctl(daemon, {"mute", "-r", "lobby", "bob", "1h"});
        bob.expect_line("administrator muted bob 1h");
        chatctl(daemon, {"unmute", "-r", "lobby", "bob"});
        bob.expect_line("administrator unmuted bob");
        for (const Words& wrong :
             {Words{"mute", "bob"}, Words{"mute", "-r", "lobby"}, Words{"mute", "-r", "attic", "bob"},
              Words{"moderate", "-r", "lobby"}, Words{"moderate", "on"}, Words{"voice", "-r", "lobby", "eve"},
              Words{"ban"}, Words{"ban", "bob", "soon"}, Words{"ban", "bob", "1h", "more"},
              Words{"topic", "x"}, Words{"topic", "-r", "lobby"}, Words{"unmute", "-r", "lobby", "bob"}})
            CHECK(run_chatctl(daemon, wrong).status == 1);
    }

    TEST_CASE("chatctl sets topics and reloads and stops the server with a message") {
        Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        chatctl(daemon, {"topic", "-r", "lobby", "tea  and cake"});
        ada.expect_line("administrator set the topic: tea  and cake");
        chatctl(daemon, {"reload"});
        daemon.wait_for_log("configuration read again");
        chatctl(daemon, {"shutdown", "back at ten"});
        ada.expect_line("The server is stopping: back at ten");
        CHECK(ada.read_to_end().empty());
        CHECK(daemon.wait() == 0);
        CHECK(daemon.log().find("shutdown by administrator") != std::string::npos);
    }

    TEST_CASE("chatctl shutdown returns when the next chatd can start and no helper has to be killed") {
        const TempDir folder;
        const Path state = folder.make_shared("home") / "state";
        write_file(folder / "users", text("ada:", hash_of("secret"), ":-:-\n"));
        for (int time = 0; time < 5; ++time) {
            Daemon daemon{
                chatd_with({text("state ", state.native()), text("users ", (folder / "users").native())})};
            const ChatClient bob{daemon, "bob"};
            const Result answer =
                run_client({"chatctl", "-s", (state / "control").native(), "shutdown", "until", "tomorrow"});
            CHECK(answer.err == "");
            CHECK(answer.status == 0);
            CHECK(daemon.wait() == 0);
            CHECK(daemon.log().find("is killed") == std::string::npos);
        }
    }
}
