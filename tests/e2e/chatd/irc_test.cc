// SPDX-License-Identifier: ISC
// IRC end to end: its clients beside people with nc in the same rooms.
#include "tests/e2e/irc_client.hh"

#include "common/text.hh"

#include <csignal>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

std::string repeat(std::string_view part, int times) {
    std::string all;
    while (times-- > 0) all += part;
    return all;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("IRC: everybody in a room sees who comes and goes and what is said") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#lobby"};
        typed.expect_line("ada joined");
        IrcClient bob{daemon, "bob", "#lobby"};
        typed.expect_line("bob joined");
        ada.expect_line(":bob!u@chat JOIN #lobby");
        ada.say("PRIVMSG #lobby :hello 你好");
        typed.expect_line("ada say: hello 你好");
        bob.expect_line(":ada!u@chat PRIVMSG #lobby :hello 你好");
        typed.say("from nc");
        ada.expect_line(":typed!u@chat PRIVMSG #lobby :from nc");
        bob.expect_line(":typed!u@chat PRIVMSG #lobby :from nc");
        ada.say("PRIVMSG #lobby :\x01"
                "ACTION waves\x01");
        typed.expect_line("* ada waves");
        bob.expect_line(":ada!u@chat PRIVMSG #lobby :\x01"
                        "ACTION waves\x01");
        typed.say("/me nods");
        ada.expect_line(":typed!u@chat PRIVMSG #lobby :\x01"
                        "ACTION nods\x01");
        typed.say("/topic plans");
        ada.expect_line(":typed!u@chat TOPIC #lobby :plans");
        ada.say("NICK eve");
        ada.expect_line(":ada!u@chat NICK eve");
        typed.wait_for_line("ada is now eve");
        bob.wait_for(":ada!u@chat NICK eve");
        bob.say("PART #lobby :bye");
        bob.expect_line(":bob!u@chat PART #lobby :bye");
        ada.expect_line(":bob!u@chat PART #lobby :bye");
        typed.wait_for_line("bob left (bye)");
        typed.say("/quit later");
        ada.expect_line(":typed!u@chat QUIT :later");
        ada.say("QUIT");
        CHECK(ada.read_to_end() == "ERROR :Closing link: You have left\r\n");
    }

    TEST_CASE("IRC: a long line of another dialect is divided and nothing is lost") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#lobby"};
        const std::string words = repeat("字节 word ", 140);
        typed.say(words);
        std::string all;
        while (all.size() < words.size()) {
            const std::string line = ada.read_line();
            CHECK(line.size() + 2 <= 512);
            const std::string_view lead = ":typed!u@chat PRIVMSG #lobby :";
            REQUIRE(line.starts_with(lead));
            all += line.substr(lead.size());
        }
        CHECK(all == words);
        ada.expect_silence();
    }

    TEST_CASE("IRC: a room with a code is a channel with a key") {
        const Daemon daemon{irc_with({"room lobby", "room plans code s3cret"})};
        IrcClient ada{daemon, "ada"};
        ada.say("JOIN #plans");
        ada.expect_line(":chatd.local 475 ada #plans :Cannot join channel (+k)");
        ada.say("JOIN #plans wrong");
        ada.expect_line(":chatd.local 475 ada #plans :Cannot join channel (+k)");
        ada.say("JOIN #nowhere");
        ada.wait_for(" ada #nowhere :");
        ada.say("JOIN #plans,#lobby s3cret");
        ada.expect_lines({":ada!u@chat JOIN #plans", ":chatd.local 353 ada = #plans :ada",
                          ":chatd.local 366 ada #plans :End of /NAMES list", ":ada!u@chat JOIN #lobby",
                          ":chatd.local 353 ada = #lobby :ada",
                          ":chatd.local 366 ada #lobby :End of /NAMES list"});
    }

    TEST_CASE("IRC: what was said before comes with its time or as notices and not to who asks itself") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        typed.say("earlier");
        typed.say("/me waits");
        typed.say("/msg typed x"); // answered when both are in the log
        typed.wait_for_text("x\n");
        IrcClient plain{daemon, "plain", "#lobby"};
        const std::string notice = plain.read_line();
        CHECK(notice.starts_with(":typed!u@chat NOTICE #lobby :["));
        CHECK(notice.ends_with(" UTC] earlier"));
        CHECK(plain.read_line().ends_with(" UTC] * waits"));
        IrcClient timed{daemon, "timed", "#lobby", "server-time"};
        CHECK(timed.read_line().ends_with("Z :typed!u@chat PRIVMSG #lobby :earlier"));
        CHECK(timed.read_line().starts_with("@time=20"));
        IrcClient asking{daemon, "asking", "#lobby", "draft/chathistory batch server-time message-tags"};
        asking.expect_silence();
    }

    TEST_CASE("IRC: no hub's death is noticed and no line is lost or comes twice") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#lobby"}, bob{daemon, "bob", "#lobby"};
        ada.wait_for("JOIN");
        for (int round = 0; round < 2; ++round) {
            ada.say(text("PRIVMSG #lobby :before ", round));
            bob.expect_line(text(":ada!u@chat PRIVMSG #lobby :before ", round));
            const pid_t hub = daemon.main_pid();
            ::kill(hub, SIGKILL);
            ada.say(text("PRIVMSG #lobby :meanwhile ", round));
            bob.expect_line(text(":ada!u@chat PRIVMSG #lobby :meanwhile ", round));
            typed.say(text("typed ", round));
            ada.expect_line(text(":typed!u@chat PRIVMSG #lobby :typed ", round));
            bob.expect_line(text(":typed!u@chat PRIVMSG #lobby :typed ", round));
            wait_until("another hub serves", [&] { return daemon.main_pid() != hub; });
        }
        ada.expect_silence();
        bob.expect_silence();
    }

    TEST_CASE("IRC: a slow reader misses nothing") {
        const Daemon daemon{irc_with({"room lobby", "history-on-join 0"})};
        ChatClient typed{daemon, "typed"};
        IrcClient slow{daemon};
        slow.set_receive_buffer(4096);
        slow.enter("slow");
        slow.join("#lobby");
        const int lines = 5000;
        std::string all;
        for (int i = 0; i < lines; ++i) all += text("line ", i, ' ', repeat("x", 200), '\n');
        typed.send(all);
        typed.say("/msg typed done");
        typed.wait_for_text("done\n");
        for (int i = 0; i < lines; ++i)
            slow.expect_line(text(":typed!u@chat PRIVMSG #lobby :line ", i, ' ', repeat("x", 200)));
        slow.expect_silence();
    }

    TEST_CASE("IRC: a kick is a KICK and then an ERROR") {
        const Daemon daemon{irc_with()};
        IrcClient ada{daemon, "ada", "#lobby"}, bob{daemon, "bob", "#lobby"};
        chatctl(daemon, {"kick", "-r", "lobby", "bob"});
        ada.wait_for(":chatd.local KICK #lobby bob :");
        ada.expect_silence();
        const std::string last = bob.read_to_end();
        CHECK(last.find(":chatd.local KICK #lobby bob :") != last.npos);
        CHECK(last.ends_with("ERROR :Closing link: You were thrown out\r\n"));
    }

    TEST_CASE("IRC: announcements are notices and a stop is an ERROR") {
        Daemon daemon{irc_with()};
        IrcClient ada{daemon, "ada", "#lobby"};
        chatctl(daemon, {"announce", "hear this"});
        ada.expect_line(":chatd.local NOTICE #lobby :hear this");
        daemon.signal(SIGTERM);
        CHECK(ada.read_to_end().starts_with("ERROR :Closing link: "));
    }

    TEST_CASE("IRC: a NOTICE to a channel is one for all who speak IRC and told from speech by others") {
        const Daemon daemon{irc_with({"room lobby", "create-rooms on"})};
        IrcClient ada{daemon, "ada", "#den"}; // which makes it
        ChatClient typed{daemon, "typed"};
        typed.say("/join den");
        typed.wait_for_line(welcome_to("den"));
        IrcClient bot{daemon, "bot", "#den", "server-time message-tags echo-message"};
        ada.wait_for("bot!u@chat JOIN");
        bot.say("NOTICE #den :3 new, ada");
        ada.expect_line(":bot!u@chat NOTICE #den :3 new, ada");
        typed.wait_for_line("-bot- 3 new, ada");
        CHECK(bot.read_line().ends_with(" :bot!u@chat NOTICE #den :3 new, ada"));
        IrcClient late{daemon, "late", "", "server-time batch draft/chathistory message-tags"};
        late.join("#den");
        late.say("CHATHISTORY LATEST #den * 5");
        CHECK(late.wait_for(" NOTICE ").ends_with(" :bot!u@chat NOTICE #den :3 new, ada"));
        typed.say("/history 2");
        typed.wait_for_text(" UTC] -bot- 3 new, ada\n");
        ada.wait_for("late!u@chat JOIN");
        ada.say("MODE #den +m");
        ada.wait_for(" +m");
        bot.say("NOTICE #den :not heard");
        bot.wait_for(":chatd.local 404 bot #den :Cannot send to channel (+m)");
        ada.expect_silence();
    }

    TEST_CASE("IRC: who says too much waits and loses nothing") {
        const Daemon daemon{irc_with({"room lobby", "flood 4/1"})};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#lobby"};
        typed.expect_line("ada joined");
        std::string lines;
        for (int i = 0; i < 12; ++i) lines += text(i < 6 ? "PRIVMSG" : "NOTICE", " #lobby :line ", i, "\r\n");
        ada.send(lines + "PING done\r\n");
        for (int i = 0; i < 12; ++i) typed.expect_line(text(i < 6 ? "ada say: line " : "-ada- line ", i));
        CHECK(ada.read_line().starts_with(":chatd.local NOTICE ada :You say more than 4 lines in 1 s"));
        ada.wait_for("PONG chatd.local :done");
    }

    TEST_CASE("IRC: answers have the label of their command and echoes are what the log has") {
        const Daemon daemon{irc_with()};
        IrcClient ada{daemon, "ada", "",
                      "labeled-response batch echo-message message-tags server-time extended-join"};
        ada.say("@label=1 PING x");
        ada.expect_line("@label=1 :chatd.local PONG chatd.local :x");
        ada.say("@label=2 PONG x");
        ada.expect_line("@label=2 :chatd.local ACK");
        ada.say("@label=3 JOIN #lobby");
        ada.expect_lines({"@label=3 :chatd.local BATCH +a1 labeled-response",
                          "@batch=a1 :ada!u@chat JOIN #lobby * :A real name",
                          "@batch=a1 :chatd.local 353 ada = #lobby :ada",
                          "@batch=a1 :chatd.local 366 ada #lobby :End of /NAMES list",
                          ":chatd.local BATCH -a1"});
        IrcClient bob{daemon, "bob", "#lobby", "message-tags server-time"};
        ada.wait_for("JOIN");
        ada.say("@label=4;+typing=done PRIVMSG #lobby :hello");
        const std::string echo = ada.read_line(), heard = bob.read_line();
        CHECK(echo.starts_with("@time="));
        CHECK(echo.find(";label=4;") != echo.npos);
        const auto id_of = [](const std::string& line) {
            const std::size_t at = line.find("msgid=");
            REQUIRE(at != line.npos);
            return line.substr(at, line.find_first_of("; ", at) - at);
        };
        CHECK(id_of(echo) == id_of(heard));
        CHECK(echo.ends_with(":ada!u@chat PRIVMSG #lobby :hello"));
        ada.say("@label=5 PRIVMSG bob :psst");
        CHECK(ada.read_line().ends_with(";label=5 :ada!u@chat PRIVMSG bob :psst"));
        CHECK(bob.read_line().ends_with(" :ada!u@chat PRIVMSG bob :psst"));
        ada.say("@label=6 PRIVMSG nobody :psst");
        ada.expect_line("@label=6 :chatd.local 401 ada nobody :No such nick/channel");
    }

    TEST_CASE("IRC: PING and PONG do not keep a client from idle-timeout") {
        const Daemon daemon{irc_with({"room lobby", "idle-timeout 1"})};
        IrcClient ada{daemon, "ada"};
        std::string line;
        do {
            ada.say("PING x");
            line = ada.read_line();
        } while (line == ":chatd.local PONG chatd.local :x");
        CHECK(line == "ERROR :Closing link: Idle for 1 s");
    }

    TEST_CASE("IRC: private words reach people of every dialect and the away are known") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada"}, bob{daemon, "bob"}; // in no room
        ada.say("PRIVMSG bob,typed :hi");
        bob.expect_line(":ada!u@chat PRIVMSG bob :hi");
        typed.expect_line("ada tells you: hi");
        bob.say("NOTICE ada :a notice");
        ada.expect_line(":bob!u@chat NOTICE ada :a notice");
        bob.say("PRIVMSG ada :\x01"
                "ACTION waves\x01");
        ada.expect_line(":bob!u@chat PRIVMSG ada :\x01"
                        "ACTION waves\x01");
        typed.say("/msg ada hello");
        ada.expect_line(":typed!u@chat PRIVMSG ada :hello");
        bob.say("AWAY :at lunch");
        bob.expect_line(":chatd.local 306 bob :You have been marked as being away");
        ada.say("PRIVMSG bob :there?");
        ada.expect_line(":chatd.local 301 ada bob :at lunch");
    }

    TEST_CASE("IRC: one name in several rooms is told once") {
        const Daemon daemon{irc_with({"room lobby", "room plans"})};
        IrcClient ada{daemon, "ada", "#lobby"}, bob{daemon, "bob", "#lobby"};
        ada.join("#plans");
        bob.join("#plans");
        ada.wait_for("JOIN #plans");
        bob.say("NICK eve");
        ada.expect_line(":bob!u@chat NICK eve");
        ada.expect_silence();
        bob.say("NICK bob");
        ada.expect_line(":eve!u@chat NICK bob");
        ada.expect_silence();
    }

    TEST_CASE("IRC: bytes that are not UTF-8 are refused and the next line is taken") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#lobby", "standard-replies"};
        ada.send("PRIVMSG #lobby :caf\xe9\r\nPRIVMSG #lobby :café\r\n");
        CHECK(ada.read_line().starts_with(":chatd.local FAIL * INVALID_UTF8 :"));
        typed.wait_for_line("ada say: café");
    }
}
