// SPDX-License-Identifier: ISC
// The commands of people in rooms: what each does, and what it says when it cannot.
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"
#include "tests/e2e/proc.hh"

#include <doctest/doctest.h>
#include <list>
#include <set>
#include <sys/resource.h>

using namespace e2e;
using common::text;

namespace {

const Words three_rooms{"room lobby topic \"be kind\"", "room plans code s3cret",
                        "room back hidden max 1 topic shadows"};

// Of a process and all below it.
void allow_files_of_any_size(pid_t pid) {
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    ::prlimit(pid, RLIMIT_FSIZE, &none, nullptr);
    for (const ProcessStatus& child : children_of(pid)) allow_files_of_any_size(child.pid);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a client in several rooms hears them all and sees which a line is from and speaks in one") {
        const Daemon daemon{chatd_with(three_rooms)};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, eve{daemon, "eve", "s3cret"};
        ada.expect_lines({"bob joined"});
        ada.say("/join plans s3cret");
        ada.expect_line(welcome_to("plans"));
        eve.expect_line("ada joined");
        eve.say("hello plans");
        ada.expect_line("eve say: hello plans");
        bob.say("hello lobby");
        ada.expect_line("[lobby] bob say: hello lobby");
        ada.say("for plans");
        eve.expect_line("ada say: for plans");
        ada.say("/switch lobby");
        ada.expect_line("You now speak in lobby.");
        ada.say("for lobby");
        bob.expect_line("ada say: for lobby");
        eve.say("again");
        ada.expect_line("[plans] eve say: again");
        ada.say("/switch");
        ada.expect_line("You now speak in plans.");
        ada.say("/leave");
        ada.expect_lines({"You have left plans.", "You now speak in lobby."});
        eve.expect_line("ada left");
        eve.say("alone");
        ada.say("/leave");
        ada.expect_line("You have left lobby.");
        bob.expect_line("ada left");
        ada.send("hello\n/leave\n/who\n/join\n");
        ada.expect_lines({"You are not in a room: /join one.", "You are not in a room: /join one.",
                          "You are not in a room: /join one.", welcome_to("lobby"),
                          "The topic of lobby: be kind"});
    }

    TEST_CASE("a room that is full or hidden or not there or entered already is not entered") {
        const Daemon daemon{chatd_with(three_rooms)};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob", "back"};
        ada.send(
            "/join lobby\n/join back\n/join plans\n/join plans wrong\n/join attic\n/who back\n/who plans\n"
            "/who attic\n/switch plans\n/rooms\n");
        const std::string_view no_code = "No room has that code.";
        const std::string_view no_room =
            "There is no such room, or you may not see it: /rooms lists the rooms.";
        ada.expect_lines({"You are in that room already: /switch makes it the current one.",
                          "That room is full: try again later.", no_code, no_code, no_code, no_room, no_room,
                          no_room, no_room, "lobby (you are in it) 1 here: be kind", "plans (code) 0 here"});
        bob.send("/rooms\n/who\n/who lobby\n");
        bob.expect_lines({"back (you are in it) 1 here: shadows", "lobby 1 here: be kind",
                          "plans (code) 0 here", "bob", "ada"});
        // Codes that were wrong three times are not looked at any more, but open rooms can be entered.
        ada.send("/join plans s3cret\n");
        ada.expect_line(no_code);
        bob.send("/leave\n");
        bob.expect_line("You have left back.");
        ada.send("/join back\n");
        ada.expect_lines({welcome_to("back"), "The topic of back: shadows"});
    }

    TEST_CASE(
        "with create-rooms a client makes a room that others can enter and that ends with its last member") {
        const Daemon daemon{chatd_with({"room lobby", "create-rooms on"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        ada.send("/join den k3y\nhello den\n/join .hidden\n");
        ada.expect_lines({welcome_to("den"), "No room has that code."});
        bob.send("/join den\n/join den other\n/join den k3y\n");
        bob.expect_lines({"No room has that code.", "No room has that code.", welcome_to("den")});
        bob.expect_earlier("ada say: hello den");
        ada.expect_line("bob joined");
        ada.send("/who\n");
        ada.expect_lines({"ada (operator)", "bob"});
        CHECK(chatctl(daemon, {"rooms"}).find("den ") != std::string::npos);
        ada.send("/leave\n");
        bob.expect_line("ada left");
        bob.send("/leave\n");
        daemon.wait_for_log("room den closes: nobody is in it");
        CHECK(chatctl(daemon, {"rooms"}).find("den ") == std::string::npos);
        CHECK_FALSE(std::filesystem::exists(daemon.state() / "rooms" / "den"));
        ada.wait_for_line("You now speak in lobby.");
        ada.send("/join den\n"); // by whoever comes first, and nothing of it is left
        ada.expect_line(welcome_to("den"));
    }

    TEST_CASE("rooms that clients make leave descriptors for everybody else") {
        // Of its own: what is on its way counts for all processes of a user.
        const TempDir place;
        Daemon::Setting setting = as_ordinary_user(
            place, {"room lobby", "create-rooms on", "max-clients 40", "flood off"}, "chatd");
        for (const char* const word : {"bash", "-c", "ulimit -n 256; exec \"$0\" \"$@\""})
            setting.wrapper.emplace_back(word);
        const Daemon daemon{setting};
        std::size_t made = 0, refused = 0;
        std::list<ChatClient> members;
        for (int client = 0; client < 10; ++client) {
            ChatClient& member = members.emplace_back(daemon, text('m', client));
            for (int room = 0; room < 10; ++room) {
                const std::string name = text('r', client, '-', room);
                member.say(text("/join ", name));
                const std::string told = member.read_line();
                if (told == welcome_to(name))
                    ++made;
                else if (told == "No more rooms can be made now: /rooms lists those that are there.")
                    ++refused;
            }
        }
        CHECK(made == 2); // a quarter of what a 24th of the descriptors allows
        CHECK(refused == 98);
        // The last tenth is for other addresses.
        for (int client = 10; client < 36; ++client) members.emplace_back(daemon, text('m', client));
        CHECK(chatctl(daemon, {"stats"}).find("clients 36\n") != std::string::npos);
        CHECK(daemon.log().find("not accepting") == std::string::npos);
    }

    TEST_CASE("without create-rooms nobody makes a room") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        ada.send("/join den\n/rooms\n");
        ada.expect_lines({"No room has that code.", "lobby (you are in it) 1 here"});
    }

    TEST_CASE("what somebody does is shown as that and to the others only") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        ada.send("/me waves\n/me\n");
        bob.expect_line("* ada waves");
        ada.expect_line("Usage: /me TEXT");
    }

    TEST_CASE("a private message reaches one client alone and is in no log and can be answered") {
        const Daemon daemon{chatd_with({"room lobby", "room plans code s3cret"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob", "s3cret"}, eve{daemon, "eve"};
        bob.send("/reply to whom?\n");
        bob.expect_line("Nobody has sent you a private message yet.");
        ada.expect_line("eve joined");
        ada.send("/msg BOB psst \x1b[2J\n/msg nobody1 x\n/msg bob\n");
        bob.expect_line("ada tells you: psst \ufffd[2J");
        ada.expect_lines({"Nobody here has that name: /who lists them.", "Usage: /msg NAME TEXT"});
        ada.send("/nick ada2\n");
        eve.expect_line("ada is now ada2");
        bob.send("/reply yes?\n"); // whoever she is now
        ada.wait_for_line("bob tells you: yes?");
        ada.send("/reply you first\n/quit\n");
        bob.expect_line("ada2 tells you: you first");
        eve.expect_line("ada2 left");
        bob.send("/reply too late\n");
        bob.expect_line("Nobody here has that name: /who lists them.");
        CHECK(chatctl(daemon, {"history", "lobby"}).find("psst") == std::string::npos);
        CHECK(chatctl(daemon, {"history", "plans"}).find("psst") == std::string::npos);
    }

    TEST_CASE("a client that reads nothing is told only so much and others are told that it is behind") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, deaf{daemon, "deaf"};
        ada.expect_line("deaf joined");
        const std::string words(1900, 'x');
        std::string told;
        int sent = 0;
        for (; told.empty() && sent < 20'000; ++sent) {
            ada.send("/msg deaf " + words + "\n/help quit\n");
            const std::string line = ada.read_line();
            if (line.find("/quit") == line.npos) told = line;
        }
        CHECK(told == "That client is too far behind: the message was not sent.");
        for (int got = 1; got < sent; ++got) deaf.wait_for_line("ada tells you: " + words);
        wait_until("it can be told again", [&] {
            ada.send("/msg deaf again\n/help me\n");
            std::string line = ada.read_line();
            while (line.find("/quit") != line.npos) line = ada.read_line();
            const bool was_sent = line.find("/me TEXT") != line.npos;
            if (!was_sent) ada.read_line();
            return was_sent;
        });
        deaf.wait_for_line("ada tells you: again");
    }

    TEST_CASE("who is away is shown with why to those who ask and to those who tell it something") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        bob.send("/away at lunch\n");
        bob.expect_line("You are away: /away without words ends it.");
        ada.send("/who\n/msg bob hungry?\n");
        ada.expect_lines({"ada", "bob (away: at lunch)", "bob is away: at lunch"});
        bob.expect_line("ada tells you: hungry?");
        bob.send("/away\n");
        bob.expect_line("You are back.");
        ada.send("/msg bob there?\n/who\n");
        ada.expect_lines({"ada", "bob"});
    }

    TEST_CASE("a topic is seen by all and by those who come and stays over a restart") {
        const TempDir folder;
        const Words lines{"state " + (folder / "state").native(), "room lobby topic \"be kind\""};
        std::optional<Daemon> daemon{chatd_with(lines)};
        {
            ChatClient ada{*daemon, "ada"}, bob{*daemon, "bob"};
            ada.expect_line("bob joined");
            ada.send("/topic\n/topic tea\x07 and cake\n/topic\n/topic " + std::string(401, 'x') + "\n");
            ada.expect_line("The topic of lobby: be kind");
            bob.expect_line("ada set the topic: tea\ufffd and cake");
            ada.wait_for_line("The topic of lobby: tea\ufffd and cake");
            ada.wait_for_line("That is too long: 400 bytes at most.");
        }
        daemon->stop();
        daemon.emplace(chatd_with(lines));
        ChatClient eve{*daemon};
        eve.send("eve\n\n/topic -\n/topic\n");
        eve.wait_for_line("The topic of lobby: tea\ufffd and cake");
        eve.wait_for_line("The topic of lobby: be kind"); // the configuration's, when there is no other
    }

    TEST_CASE("another name is told to every room and the old one is free and what is reserved stays so") {
        const Daemon daemon{chatd_with({"room lobby", "room plans code s3cret"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, eve{daemon, "eve", "s3cret"};
        ada.send("/join plans s3cret\n");
        ada.wait_for_line(welcome_to("plans"));
        eve.expect_line("ada joined");
        ada.send(
            "/nick ada\n/nick BOB\n/nick root\n/nick a b\n/nick\n/nick Ada\n"); // the first changes nothing
        ada.expect_lines({"Somebody here has that name: choose another.",
                          "That name is reserved: choose another.",
                          "That name cannot be used: letters, digits and signs only, no blanks, no invisible "
                          "characters.",
                          "Usage: /nick NAME"});
        bob.expect_line("ada is now Ada");
        eve.expect_line("ada is now Ada");
        ada.send("/nick 张三\n");
        bob.expect_line("Ada is now 张三");
        ChatClient next{daemon, "ada"};
        bob.expect_line("ada joined");
        ada.send("hello\n");
        eve.expect_lines({"Ada is now 张三", "张三 say: hello"});
    }

    TEST_CASE("ignoring and quiet hide from one client what all others see") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, eve{daemon, "eve"};
        ada.expect_lines({"bob joined", "eve joined"});
        ada.send("/ignore Bob\n/ignore\n/quiet\n");
        ada.expect_lines({"You no longer see what Bob says: /ignore Bob again ends this.", "Ignored: Bob",
                          "Joining and leaving is not shown."});
        eve.say("one");
        ada.expect_line("eve say: one");
        bob.say("hidden");
        bob.send("/msg ada hidden too\n");
        eve.expect_line("bob say: hidden");
        { ChatClient guest{daemon, "guest"}; }
        eve.expect_lines({"guest joined", "guest left"});
        eve.say("two");
        ada.expect_line("eve say: two");
        ada.send("/ignore bob\n/quiet\n");
        ada.expect_lines({"You see again what bob says.", "Joining and leaving is shown."});
        bob.say("back");
        ada.expect_line("bob say: back");
        bob.close();
        ada.expect_line("bob left");
    }

    TEST_CASE("who is ignored stays so under another name and connection and a stranger is seen") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon}, eve{daemon, "eve"};
        bob.send("bob\n\n");
        bob.expect_line("Your name: Room code: " + welcome_to("lobby"));
        const std::string token = bob.expect_token();
        ada.expect_lines({"eve joined", "bob joined"});
        ada.send("/ignore nobody1\n/ignore bob\n");
        ada.expect_lines({"Nobody here has that name: /who lists them.",
                          "You no longer see what bob says: /ignore bob again ends this."});
        const std::string done = "  /me TEXT                      say what you do"; // all before it is
        bob.send("/nick rob\nhidden\n/msg ada hidden too\n/help me\n");
        bob.wait_for_line(done);
        eve.wait_for_line("rob say: hidden");
        ChatClient stranger{daemon, "bob"};
        stranger.say("I am another");
        ada.expect_lines({"bob joined", "bob say: I am another"});
        bob.close();
        eve.wait_for_line("rob left");
        ChatClient back{daemon};
        back.send(text("/resume ", token, "\nstill hidden\n/msg ada hidden too\n/help me\n"));
        back.wait_for_line(done);
        eve.wait_for_line("rob say: still hidden");
        eve.say("one");
        ada.expect_line("eve say: one");
        ada.send("/ignore\n/ignore rob\n");
        ada.expect_lines({"Ignored: rob", "You see again what rob says."});
        back.say("seen");
        ada.expect_line("rob say: seen");
    }

    TEST_CASE("time shows number and time of each line in the zone that was asked for") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        ada.send("/time\n/time moon\n/time +8\n");
        ada.expect_lines({"Usage: /time off|on|ZONE", "Usage: /time off|on|ZONE",
                          "Lines have their number and time, UTC+8."});
        bob.say("hello");
        const std::string line = ada.read_line();
        CHECK(line.starts_with("[3 "));
        CHECK(line.substr(5, 1) == ":");
        CHECK(line.substr(8) == "] bob say: hello");
        ada.send("/time off\n");
        ada.expect_line("Lines have no time.");
        bob.say("again");
        ada.expect_line("bob say: again");
    }

    TEST_CASE("the bell rings for the own name when it was asked for") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        bob.say("hello ada");
        ada.expect_line("bob say: hello ada");
        ada.send("/bell loud\n/bell mention\n");
        ada.expect_lines({"Usage: /bell off|mention|all", "The bell rings for: mention."});
        bob.say("hello Ada");
        ada.expect_line("\abob say: hello Ada");
        bob.say("hello all");
        ada.expect_line("bob say: hello all");
        bob.send("/msg ada psst\n");
        ada.expect_line("\abob tells you: psst");
    }

    TEST_CASE("help lists every command and explains one") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        ada.send("/help kick\n/help /history\n/help fly\n");
        ada.expect_lines({"  /kick NAME                    operators: end somebody's connection",
                          "  /history [N]                  the last lines, 20 if you do not say how many",
                          "There is no command /fly: /help lists them. To say it, begin with //."});
    }

    TEST_CASE("last words are told to the rooms and a farewell to who leaves") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        bob.send("/quit good night\x1b\n");
        bob.expect_line("Goodbye.");
        bob.wait_for_end();
        ada.expect_line("bob left (good night\ufffd)");
    }

    TEST_CASE("a paste is one block that nobody's line comes between") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, eve{daemon, "eve"};
        eve.send("/quiet\n");
        eve.expect_line("Joining and leaving is not shown.");
        ada.send("/paste\nint main() {\n\n/* /quit */\n/quit\n"); // not yet
        ada.wait_for_line("Everything up to a line with one dot is one block.");
        bob.say("meanwhile");
        eve.expect_line("bob say: meanwhile");
        ada.send("}\n.\nafter\n");
        eve.expect_lines({"ada say: int main() {", "ada say:  ", "ada say: /* /quit */", "ada say: /quit",
                          "ada say: }", "ada say: after"});
        std::string much = "/paste\n";
        for (int line = 0; line < 201; ++line) much += "x\n";
        ada.send(much + ".\n/paste\n.\n/paste\n" + std::string(2001, 'x') + "\n.\nlast\n");
        const std::string too_long =
            "That block is too long and was not sent: 8192 bytes and 200 lines at most.";
        ada.wait_for_line(too_long);
        ada.wait_for_line("That block is empty and was not sent.");
        ada.wait_for_line(
            "A line of that block is too long, and the block was not sent: 2000 bytes a line at most.");
        eve.expect_line("ada say: last");
    }

    TEST_CASE("answers come in the order of the commands") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        ada.send("one\n/help me\n/history 1\n/who\n/nobody\n/topic\n/search one\n/help msg\n");
        ada.expect_line("  /me TEXT                      say what you do");
        ada.expect_earlier("ada say: one");
        ada.expect_lines({"ada", "There is no command /nobody: /help lists them. To say it, begin with //.",
                          "lobby has no topic."});
        ada.expect_earlier("ada say: one");
        ada.expect_line("  /msg NAME TEXT                send a private message to one person");
    }

    TEST_CASE("a client can be in sixteen rooms and not in one more") {
        Words lines;
        for (int room = 1; room <= 17; ++room) lines.push_back(text("room r", room));
        const Daemon daemon{chatd_with(lines)};
        ChatClient ada{daemon, "ada", "r1"};
        for (int room = 2; room <= 16; ++room) {
            ada.say(text("/join r", room));
            ada.expect_line(welcome_to(text('r', room)));
        }
        ada.say("/join r17");
        ada.expect_line("You are in the maximum number of rooms: /leave one first.");
        for (int room = 1; room <= 17; ++room)
            chatctl(daemon, {"announce", "-r", text('r', room), text(room)});
        std::set<std::string> heard;
        while (heard.size() < 16) heard.insert(ada.read_line());
        CHECK(heard.contains("administrator say: 16"));
        CHECK(heard.contains("[r1] administrator say: 1"));
    }

    TEST_CASE("a line that the disk does not take is refused to its speaker and shown to nobody") {
        Daemon::Setting setting = chatd_with({"max-clients 4"});
        setting.wrapper = {"bash", "-c", "ulimit -f 16; exec \"$0\" \"$@\""}; // KiB of any file
        const Daemon daemon{setting};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        std::size_t refused = 0;
        for (int line = 0; line < 20; ++line) {
            ada.send(text(line, std::string(1900, 'x'), "\n/help me\n"));
            for (std::string told = ada.read_line(); told.find("/me TEXT") == told.npos;
                 told = ada.read_line())
                refused += told == "The server's disk is full and the line was not sent: try again later.";
        }
        CHECK(refused > 8);
        CHECK(refused < 20);
        ada.say("short");
        for (std::size_t heard = 20 - refused; heard > 0; --heard) CHECK(bob.read_line().ends_with("xxx"));
        bob.expect_line("ada say: short");
    }

    TEST_CASE("of a block that the disk takes in part the whole lines are shown and readers there go on") {
        Daemon::Setting setting = chatd_with({"max-clients 4", "flood off"});
        setting.wrapper = {"bash", "-c", "ulimit -S -f 16; exec \"$0\" \"$@\""}; // KiB of any file
        const Daemon daemon{setting};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        int line = 0;
        const auto paste = [&] {
            std::string block = "/paste\n";
            for (int end = line + 4; line < end; ++line) block += text(line, std::string(1500, 'x'), '\n');
            ada.send(block + ".\n/help me\n");
            ada.expect_line("Everything up to a line with one dot is one block.");
            const std::string told = ada.read_line();
            if (told.find("/me TEXT") == told.npos) ada.read_line();
            return told;
        };
        const auto expect = [&](int from, int until) {
            for (; from < until; ++from) CHECK(bob.read_line().rfind(text("ada say: ", from, 'x'), 0) == 0);
        };
        CHECK(paste().find("/me TEXT") != std::string::npos);
        CHECK(paste().find("/me TEXT") != std::string::npos);
        expect(0, 8);
        CHECK(paste() ==
              "The server's disk is full: the first of these lines were sent, the others were not: "
              "try again later.");
        expect(8, 10);
        CHECK(paste() == "The server's disk is full and the line was not sent: try again later.");
        allow_files_of_any_size(daemon.pid());
        ada.say("short");
        bob.expect_line("ada say: short");
        ada.say("/history 3");
        CHECK(ada.read_line().find("ada say: 8x") != std::string::npos);
        CHECK(ada.read_line().find("ada say: 9x") != std::string::npos);
        CHECK(ada.read_line().find("ada say: short") != std::string::npos);
    }
}
