// SPDX-License-Identifier: ISC
// In a room: who hears what, the commands, what a newcomer is shown, and that no text harms a terminal.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

const Words two_rooms{"room lobby", "room plans code s3cret"};

Path log_of(const Daemon& daemon, const std::string& room) {
    return daemon.state() / "rooms" / room / "00000001.log";
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("others in the room see joining and speech and leaving and the speaker sees no own line") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        ada.say("hello");
        bob.expect_line("ada say: hello");
        bob.say("hi");
        ada.expect_line("bob say: hi"); // and not `ada say: hello'
        bob.close();
        ada.expect_line("bob left");
        ada.say("/quit");
        ada.expect_line("Goodbye.");
        CHECK(ada.read_to_end().empty());
    }

    TEST_CASE("what is said in one room is not seen in another") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob", "s3cret"}, eve{daemon, "eve", "s3cret"};
        bob.expect_line("eve joined");
        ada.say("for the lobby");
        bob.say("for those with plans");
        eve.expect_line("bob say: for those with plans");
        e2e::wait_until("ada's line is in the log", [&] {
            return read_file(log_of(daemon, "lobby")).find("for the lobby") != std::string::npos;
        });
        ChatClient dan{daemon, "dan"};
        dan.expect_earlier("ada say: for the lobby");
        dan.say("hello");
        ada.expect_lines({"dan joined", "dan say: hello"});
        chatctl(daemon, {"announce", "end"});
        for (ChatClient* const client : {&ada, &bob, &eve, &dan})
            client->expect_line("administrator say: end");
        CHECK(read_file(log_of(daemon, "lobby")).find("plans") == std::string::npos);
    }

    TEST_CASE("everybody sees one room's lines in one order") {
        const Daemon daemon{chatd_with({})};
        constexpr int speakers = 4, lines = 200;
        std::vector<ChatClient> readers, talkers;
        for (int i = 0; i < 3; ++i) readers.emplace_back(daemon, text("reader", i));
        for (int i = 0; i < speakers; ++i) talkers.emplace_back(daemon, text("talker", i));
        for (int line = 0; line < lines; ++line)
            for (ChatClient& talker : talkers) talker.say(text("line ", line));
        std::vector<std::string> seen(readers.size());
        for (std::size_t i = 0; i < readers.size(); ++i)
            for (int said = 0; said < speakers * lines;) {
                const std::string line = readers[i].read_line();
                if (line.find(" say: ") == line.npos) continue;
                seen[i] += line + '\n';
                ++said;
            }
        CHECK(seen[0] == seen[1]);
        CHECK(seen[0] == seen[2]);
        for (int i = 0; i < speakers; ++i) // each speaker's in the order that they were typed
            for (std::size_t at = 0, line = 0; line < lines; ++line) {
                at = seen[0].find(text("talker", i, " say: line ", line, '\n'), at);
                REQUIRE(at != std::string::npos);
            }
    }

    TEST_CASE("who and rooms and help answer the one who asks") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient ada{daemon, "ada"}, bob{daemon, "Bob"}, eve{daemon, "张三", "s3cret"};
        ada.expect_line("Bob joined");
        ada.say("/who");
        ada.expect_lines({"Bob", "ada"});
        ada.say("/rooms");
        ada.expect_lines({"lobby (you are in it) 2 here", "plans (code) 1 here"});
        ada.say("/help");
        const std::string first = ada.read_line();
        CHECK(first.find("said to everybody") != std::string::npos);
        ada.wait_for_line("A line that begins with // says the rest with one /.");
        bob.say("hello");
        ada.expect_line("Bob say: hello");
    }

    TEST_CASE("an unknown command is not said and two slashes say one") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        ada.send("/whatever now\n/mgs bob hi\n/whoo\n/\n/WHO\n/\x1b[2J\n//etc/passwd\n//\n\n \n");
        ada.expect_lines({"There is no command /whatever: /help lists them. To say it, begin with //.",
                          "There is no command /mgs: did you mean /msg? To say it, begin with //.",
                          "There is no command /whoo: did you mean /who? To say it, begin with //.",
                          "There is no command /: /help lists them. To say it, begin with //.",
                          "There is no command /WHO: /help lists them. To say it, begin with //.",
                          "There is no command /\\x1b[2J: /help lists them. To say it, begin with //."});
        bob.expect_lines({"ada say: /etc/passwd", "ada say: /", "ada say:  "}); // nothing of the empty line
    }

    TEST_CASE("a line that is too long is refused as a whole and those around it are said") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        const std::string longest(2000, 'x');
        const std::string refusal = "That line is too long and was not sent: 2000 bytes at most.";
        std::string grows; // three bytes for each of its own when it was made harmless
        for (int i = 0; i < 1000; ++i) grows += '\x01';
        ada.send("before\n" + longest + "x\n" + longest + "\n" + grows + "\n" + std::string(100'000, 'y') +
                 "\nafter\n");
        ada.expect_lines({refusal, refusal, refusal});
        bob.expect_lines({"ada say: before", "ada say: " + longest, "ada say: after"});
    }

    TEST_CASE("Chinese names and text arrive as they were typed") {
        const Daemon daemon{chatd_with({"room 会议室 code 密码"})};
        ChatClient one{daemon, "张三", "密码"}, other{daemon, "李四", "密码"};
        one.expect_line("李四 joined");
        other.say("你好，世界！");
        one.expect_line("李四 say: 你好，世界！");
        other.close();
        one.expect_line("李四 left");
    }

    TEST_CASE("a newcomer sees the last twenty lines of speech and neither joining nor leaving") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        for (int line = 1; line <= 25; ++line) {
            ada.say(text("line ", line));
            if (line % 5 == 0) ChatClient{daemon, text("guest", line)};
        }
        ada.say("/who"); // is answered when all before it has been said
        while (ada.read_line() != "ada") {
        }
        chatctl(daemon, {"announce", "last"});
        ChatClient bob{daemon, "bob"};
        for (int line = 7; line <= 25; ++line) bob.expect_earlier(text("ada say: line ", line));
        bob.expect_earlier("administrator say: last");
        ada.say("new");
        // Guests who are gone leave on their own time.
        for (std::string line = bob.read_line(); line != "ada say: new"; line = bob.read_line())
            CHECK(line.starts_with("guest"));
    }

    TEST_CASE("history-on-join says how many lines a newcomer is shown") {
        for (const int count : {0, 1, 3, 1000}) {
            const Daemon daemon{chatd_with({text("history-on-join ", count)})};
            ChatClient ada{daemon, "ada"};
            ada.send("one\ntwo\nthree\nfour\n/who\n");
            ada.expect_line("ada"); // all of it is in the log
            ChatClient bob{daemon, "bob"};
            const std::vector<std::string> lines{"one", "two", "three", "four"};
            for (std::size_t at = lines.size() - std::min<std::size_t>(lines.size(), count);
                 at < lines.size(); ++at)
                bob.expect_earlier("ada say: " + lines[at]);
            ada.say("new");
            bob.expect_line("ada say: new");
        }
    }

    TEST_CASE("a room without history shows what was said since the start and keeps nothing") {
        const Daemon daemon{chatd_with({"room lobby history off"})};
        ChatClient ada{daemon, "ada"};
        ada.send("hello\n/who\n");
        ada.expect_line("ada");
        ChatClient bob{daemon, "bob"};
        bob.expect_earlier("ada say: hello");
        CHECK(std::filesystem::is_empty(daemon.state() / "rooms" / "lobby"));
    }

    TEST_CASE("text is made harmless before it is in the log and so for everybody") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        ada.say("\x1b[2J\x1b]0;t\a \xc2\x9b"
                "31m \u202eevil \xff\xc3( tab\there \x7f");
        bob.expect_line(
            "ada say: \ufffd[2J\ufffd]0;t\ufffd \ufffd31m \ufffdevil \ufffd\ufffd( tab here \ufffd");
        const std::string log = read_file(log_of(daemon, "lobby"));
        const std::size_t text_at = log.find("[2J") - 3;
        CHECK(log.substr(text_at).find('\x1b') == std::string::npos);
        CHECK(log.find("\u202e") == std::string::npos);
        CHECK(log.find("\xc2\x9b") == std::string::npos);
        CHECK(chatctl(daemon, {"history", "lobby"}).find('\x1b') == std::string::npos);
    }
}
