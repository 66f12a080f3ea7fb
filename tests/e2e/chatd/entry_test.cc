// SPDX-License-Identifier: ISC
// Getting into a room: the name, the code, and every way of typing them.
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"

#include <deque>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

const Words two_rooms{"room lobby", "room plans code s3cret", "room 会议"};

// The answer to a name: the line, after which the name is asked again.
std::string answer_to_name(ChatClient& client, std::string_view name) {
    client.say(name);
    std::string line = client.read_line();
    const std::string_view prompt = "Your name: ";
    return line.starts_with(prompt) ? line.substr(prompt.size()) : "no prompt: " + line;
}

std::string repeat(std::string_view part, int times) {
    std::string all;
    while (times-- > 0) all += part;
    return all;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a name that cannot be had is refused with the reason and asked for again") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "Ada"}, client{daemon};
        const std::string taken = "Somebody here has that name: choose another.";
        const std::string unprintable =
            "That name cannot be used: letters, digits and signs only, no blanks, "
            "no invisible characters.";
        CHECK(answer_to_name(client, "Ada") == taken);
        CHECK(answer_to_name(client, "aDA") == taken);
        CHECK(answer_to_name(client, "") == "A name cannot be empty.");
        const std::string too_long = "That name is too long: 32 columns at most.";
        for (const std::string& name :
             {repeat("a", 33), repeat("三", 17), repeat("a", 129), repeat("b", 5000)})
            CHECK(answer_to_name(client, name) == too_long);
        for (const std::string_view name : {"a b", "\x1b[2J", "\xff", "a\u202e", "a\tb", "e\u0301"})
            CHECK(answer_to_name(client, name) == unprintable);
        for (const std::string_view name :
             {"administrator", "Admin", "SERVER", "chatd1", "root", "System", "管理员"})
            CHECK(answer_to_name(client, name) == "That name is reserved: choose another.");
        CHECK(answer_to_name(client, "Ａｄａ") == taken); // of full width
        CHECK(answer_to_name(client, "/who") == "Give your name first.");
        client.send("bob\n\n");
        client.expect_line("Your name: Room code: " + welcome_to("lobby"));
        ada.expect_line("bob joined");
    }

    TEST_CASE("a name that could pass for a line or for somebody else is refused") {
        const Daemon daemon{chatd_with({"create-rooms on"})};
        ChatClient ada{daemon, "Bill"}, client{daemon};
        for (const std::string_view name : {"ada\u00a0say:\u00a0I\u00a0quit.\u00a0(bob", "a\u2007b",
                                            "a\u202fb", "\u2800", "#lobby", "a!b@c", "-"})
            CHECK(answer_to_name(client, name).starts_with("That name cannot be used:"));
        const std::string mixed = "That name mixes letters of several scripts: write it in one.";
        CHECK(answer_to_name(client, "аdministrator") == mixed); // а is Cyrillic
        CHECK(answer_to_name(client, "Bіll") == mixed);
        CHECK(answer_to_name(client, "ЅУЅТЕМ") == "That name is reserved: choose another.");
        CHECK(answer_to_name(client, "r00t") == "That name is reserved: choose another.");
        const std::string alike = "Somebody here has a name that looks like that: choose another.";
        CHECK(answer_to_name(client, "Bi1l") == alike);
        client.send("bob\n\n");
        ada.expect_line("bob joined");
        client.expect_line("Your name: Room code: " + welcome_to("lobby"));
        client.expect_token();
        client.send("/nick b111\n");
        client.expect_line(alike);
        client.send("/join 1obby\n");
        client.expect_line("No room has that code."); // nor is one made
        client.send("/nick b0b\n");                   // its own is free for it
        ada.expect_line("bob is now b0b");
    }

    TEST_CASE("names of 32 columns and of any script are taken") {
        const Daemon daemon{chatd_with({})};
        ChatClient watcher{daemon, "watcher"};
        for (const std::string& name :
             {repeat("a", 32), repeat("三", 16), std::string{"张三"}, std::string{"Ωμέγα"}}) {
            ChatClient client{daemon, name};
            watcher.expect_line(name + " joined");
            client.close();
            watcher.expect_line(name + " left");
        }
    }

    TEST_CASE("a name is taken from the moment it was accepted until its client is gone") {
        const Daemon daemon{chatd_with({})};
        ChatClient first{daemon}, second{daemon};
        first.say("ada");
        CHECK(first.wait_for_text("Room code: ") == "Your name: Enter alone: lobby\nRoom code: ");
        CHECK(answer_to_name(second, "ADA").starts_with("Somebody"));
        const std::string end = text("end ", first.local().shown(), ' ');
        first.close();
        daemon.wait_for_log(end);
        second.send("ada\n\n");
        second.expect_line("Your name: Room code: " + welcome_to("lobby"));
    }

    TEST_CASE("a wrong code may be tried three times and then the connection ends") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient client{daemon};
        client.send("ada\nwrong\nS3CRET\n");
        client.expect_lines({"Your name: Room code: No room has that code. Tries left: 2.",
                             "Room code: No room has that code. Tries left: 1."});
        client.say(std::string(5000, 's'));
        client.expect_line("Room code: No room has that code. That was the last try.");
        const std::string log = daemon.log();
        CHECK(log.find("refuse code from 127.0.0.1\n") != log.npos);
        CHECK(log.find("S3CRET") == log.npos);
        CHECK(client.read_to_end().empty());
        ChatClient next{daemon, "ada"}; // the name is free
    }

    TEST_CASE("the right code enters after wrong ones and after them the tries count no more") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient client{daemon};
        client.send("ada\nplans\nno\ns3cret\nhello\n");
        client.expect_lines({"Your name: Room code: No room has that code. Tries left: 2.",
                             "Room code: No room has that code. Tries left: 1.",
                             "Room code: " + welcome_to("plans")});
        client.expect_token();
        ChatClient other{daemon, "bob", "s3cret"};
        client.expect_line("bob joined");
    }

    TEST_CASE("who asks for help at the code is given it and loses no try") {
        const Daemon daemon{
            chatd_with({"room plans code s3cret", "room lobby", "room 会议", "room den hidden"})};
        ChatClient ada{daemon};
        ada.send("ada\n");
        const std::string open = "Enter alone: lobby\nOpen rooms (2): lobby, 会议\nRoom code: ";
        CHECK(ada.wait_for_text("Room code: ") == "Your name: " + open);
        const std::string help =
            "Type a room's code, or an open room's name. /rooms lists the open ones, /quit leaves.\n";
        for (const std::string_view word : {"help", "what", "?", "What?", "/help", "HELP", "帮助"}) {
            ada.say(word);
            CHECK(ada.wait_for_text("Room code: ") == help + open);
        }
        ada.say("/rooms");
        CHECK(ada.wait_for_text("Room code: ") == "lobby 0 here\n会议 0 here\nRoom code: ");
        ada.say("/who");
        CHECK(ada.wait_for_text("Room code: ") == "Enter a room first: /help explains how.\nRoom code: ");
        ada.say("hello");
        ada.expect_line("No room has that code. Tries left: 2.");
        ada.send("/hlep\n/quit\n");
        ada.expect_lines({"Room code: No room has that code. Tries left: 1.", "Room code: Goodbye."});
        CHECK(ada.read_to_end().empty());
    }

    TEST_CASE("a code that looks like a command or a call for help still leads into its room") {
        const Daemon daemon{
            chatd_with({"room a code /quit", "room b code what", "room help", "room c code /x"})};
        for (const auto& [code, room] : {std::pair{"//quit", "a"}, std::pair{"what", "b"},
                                         std::pair{"help", "help"}, std::pair{"/x", "c"}}) {
            ChatClient client{daemon};
            client.send(text("ada-", room, '\n', code, '\n'));
            client.expect_line(text("Your name: Room code: ", welcome_to(room)));
        }
    }

    TEST_CASE("without an open room the help says so and no other room is named") {
        const Daemon daemon{chatd_with({"room plans code s3cret", "room den hidden code x"})};
        ChatClient ada{daemon};
        ada.send("ada\n");
        CHECK(ada.wait_for_text("Room code: ") == "Your name: Room code: ");
        ada.send("/rooms\n");
        CHECK(ada.wait_for_text("Room code: ") == "No room is open: each needs its code.\nRoom code: ");
    }

    TEST_CASE("who enters by hand is told who is there and a program is not") {
        const Daemon daemon{chatd_with({"room lobby", "room plans code s3cret", "resume-time 0"})};
        const auto come_in = [&](ChatClient& client, std::string_view name, std::string_view code) {
            client.say(name);
            client.wait_for_text("Room code: ");
            client.say(code);
            client.expect_line(welcome_to(code.empty() ? "lobby" : "plans"));
        };
        ChatClient ada{daemon}, bob{daemon}, bot{daemon};
        come_in(ada, "ada", "");
        ada.expect_line("Nobody else is here.");
        come_in(bob, "bob", "");
        bob.expect_line("Here with you: ada");
        ada.expect_line("bob joined");
        ChatClient piped{daemon};
        piped.send("piped\n\n");
        piped.expect_line("Your name: Room code: " + welcome_to("lobby"));
        bot.send("/bot\n");
        bot.wait_for_text("Your name: Your name: ");
        come_in(bot, "bot", "");
        bob.expect_lines({"piped joined", "bot joined"});
        bob.say("hello");
        piped.expect_lines({"bot joined", "bob say: hello"});
        bot.expect_line("bob say: hello");
        std::deque<ChatClient> crowd;
        for (int number = 1; number <= 12; ++number) {
            crowd.emplace_back(daemon).send(text("p", number, "\ns3cret\n"));
            crowd.back().expect_line("Your name: Room code: " + welcome_to("plans"));
        }
        ada.send("/join s3cret\n");
        ada.wait_for_line("Here with you: p1, p2, p3, p4, p5, p6, p7, p8, p9, p10 and 2 more");
    }

    TEST_CASE("an empty line enters the first open room and an open room's name that room") {
        const Daemon daemon{chatd_with({"room plans code s3cret", "room lobby", "room 会议"})};
        for (const auto& [code, room] : {std::pair{"", "lobby"}, std::pair{"会议", "会议"},
                                         std::pair{"s3cret", "plans"}, std::pair{"lobby", "lobby"}}) {
            ChatClient client{daemon};
            client.send(text("ada\n", code, '\n'));
            client.expect_line("Your name: Room code: " + welcome_to(room));
            client.send("/quit\n");
            client.wait_for_end();
            daemon.wait_for_log(text("end ", client.local().shown(), ' '));
        }
    }

    TEST_CASE("where no room is open an empty line is a wrong code") {
        const Daemon daemon{chatd_with({"room plans code s3cret"})};
        ChatClient client{daemon};
        client.send("ada\n\n");
        client.expect_line("Your name: Room code: No room has that code. Tries left: 2.");
    }

    TEST_CASE("all of it may come at once from a pipe and the answers are printed before the end") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient ada{daemon, "ada", "s3cret"};
        const Result nc = run_client({"nc", "-N", "127.0.0.1", std::to_string(daemon.port())},
                                     "bob\ns3cret\nhello\n/who\n");
        CHECK(nc.status == 0);
        CHECK(nc.out.starts_with("Your name: Room code: " + welcome_to("plans") + "\nIf "));
        CHECK(nc.out.ends_with("\nada\nbob\n"));
        ada.expect_lines({"bob joined", "bob say: hello", "bob left"});
    }

    TEST_CASE("a refused name from a pipe is said too and what follows is taken for the next try") {
        const Daemon daemon{chatd_with({})};
        const Result nc =
            run_client({"nc", "-N", "127.0.0.1", std::to_string(daemon.port())}, "admin\nbob\n\n");
        CHECK(nc.status == 0);
        CHECK(nc.out.starts_with("Your name: That name is reserved: choose another.\nYour name: Room code: " +
                                 welcome_to("lobby") + "\n"));
    }

    TEST_CASE("a client whose first line ends in CR LF is answered in CR LF and others in LF") {
        const Daemon daemon{chatd_with({"resume-time 0"})};
        Connection crlf{daemon.port()}, lf{daemon.port()};
        crlf.send("ada\r\n\r\n/rooms\r\n");
        const std::string told = "Your name: Room code: " + welcome_to("lobby");
        CHECK(crlf.read_exactly(told.size() + 2) == told + "\r\n");
        const std::string row = "lobby (you are in it) 1 here\r\n";
        CHECK(crlf.read_exactly(row.size()) == row);
        lf.send("bob\n\n");
        CHECK(lf.read_exactly(told.size() + 1) == told + "\n");
        CHECK(crlf.read_exactly(12) == "bob joined\r\n");
        lf.send("hello\n");
        CHECK(crlf.read_exactly(16) == "bob say: hello\r\n");
        crlf.send("hello\r\n");
        CHECK(lf.read_exactly(15) == "ada say: hello\n");
    }

    TEST_CASE("CR and NUL and CR NUL end lines too and none of them is ever content") {
        using namespace std::string_view_literals;
        const Daemon daemon{chatd_with({})};
        ChatClient watcher{daemon, "watcher"};
        for (const std::string_view end : {"\r"sv, "\0"sv, "\r\0"sv, "\r\n"sv, "\n"sv}) {
            ChatClient client{daemon};
            std::string typed;
            for (const std::string_view line : {"ada", "", "one\x01", "two"}) typed.append(line).append(end);
            client.send(typed);
            client.expect_line("Your name: Room code: " + welcome_to("lobby"));
            watcher.expect_lines({"ada joined", "ada say: one\ufffd", "ada say: two"});
            client.close();
            watcher.expect_line("ada left");
        }
    }

    TEST_CASE("a forged line behind a bare CR is a line of the speaker's own") {
        const Daemon daemon{chatd_with({})};
        ChatClient watcher{daemon, "watcher"}, mallory{daemon, "mallory"};
        watcher.expect_line("mallory joined");
        mallory.say("hi\radministrator say: forged");
        watcher.expect_lines({"mallory say: hi", "mallory say: administrator say: forged"});
    }
}
