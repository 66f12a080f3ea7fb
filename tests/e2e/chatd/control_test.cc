// SPDX-License-Identifier: ISC
// The administrator's words and questions: chatctl, nc on the control socket, and the console.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <memory>
#include <sstream>
#include <sys/socket.h>
#include <vector>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

const Words two_rooms{"room lobby", "room plans code s3cret"};

Path control_of(const Daemon& daemon) { return daemon.state() / "control"; }

// The words of the row that ends in this one.
Words row_of(const std::string& table, const std::string& last) {
    for (const std::string& line : split_lines(table)) {
        std::istringstream words{line};
        Words row;
        for (std::string word; words >> word;) row.push_back(word);
        if (!row.empty() && row.back() == last) return row;
    }
    throw Failure{"no row of " + last + " in: " + table};
}

// Less the time and the number in front.
std::string without_stamp(const std::string& line) {
    CHECK(line.size() > 21);
    CHECK(line.substr(10, 1) == "T");
    CHECK(line.substr(19, 2) == "Z ");
    return line.substr(line.find(' ', 21) + 1);
}

// A client that has entered the daemon whose log is on this terminal.
Connection enter_daemon_on(Pty& terminal) {
    terminal.wait_for("listening on 127.0.0.1:");
    terminal.wait_for("\n");
    const std::string screen = terminal.screen();
    const auto port = std::stoi(screen.substr(screen.find("127.0.0.1:") + 10));
    Connection client{static_cast<std::uint16_t>(port)};
    client.send("ada\n\n");
    CHECK(client.read_line() == "Your name: Room code: " + welcome_to("lobby"));
    CHECK(client.read_line().starts_with("If the connection breaks"));
    return client;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("chatctl announce reaches everybody and with -r one room") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob", "s3cret"};
        CHECK(chatctl(daemon, {"announce", "one", "word", "each"}) == "");
        chatctl(daemon, {"announce", "say \"hi\" # and go on"});
        chatctl(daemon, {"announce", "#1"});
        chatctl(daemon, {"announce", "a\\b"});
        chatctl(daemon, {"announce", "-r", "plans", "for plans"});
        chatctl(daemon, {"announce", "-r", "lobby", "for", "lobby"});
        chatctl(daemon, {"announce", "大家好 \x1b[2J"});
        for (ChatClient* const client : {&ada, &bob}) {
            client->expect_lines({"administrator say: one word each",
                                  "administrator say: say \"hi\" # and go on", "administrator say: #1",
                                  "administrator say: a\\b"});
            client->expect_line(client == &ada ? "administrator say: for lobby"
                                               : "administrator say: for plans");
            client->expect_line("administrator say: 大家好 \ufffd[2J");
        }
    }

    TEST_CASE("an announcement over nc is said as it was typed") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient ada{daemon, "ada"};
        const Result answer = run_client({"nc", "-N", "-U", control_of(daemon)},
                                         "announce say \"hi\" # and go on\nannounce -r plans hidden\n"
                                         "announce   \"quoted words\"\nannounce \"one\" and \"two\"\n");
        CHECK(answer.status == 0);
        CHECK(answer.out == "ok\nok\nok\nok\n");
        ada.expect_lines({"administrator say: say \"hi\" # and go on", "administrator say: quoted words",
                          "administrator say: \"one\" and \"two\""});
    }

    TEST_CASE("a line typed on the console of chatd -d is an announcement") {
        const TempDir folder;
        Pty console{{find_program("chatd"), "-d", "-o", "listen 127.0.0.1:0", "-o",
                     "state " + (folder / "state").native()}};
        Connection client = enter_daemon_on(console);
        console.type("hello to\r\rall of you\r");
        CHECK(client.read_line() == "administrator say: hello to");
        CHECK(client.read_line() == "administrator say: all of you");
        console.type("\x04"); // the end of input ends the console and not the daemon
        client.send("/who\n");
        CHECK(client.read_line() == "ada");
        console.type("\x03");
        CHECK(console.wait() == 0);
        CHECK(client.read_line() == "The server is stopping: come back later.");
    }

    TEST_CASE("the console says what a typed line does before the first one and quit asks") {
        const TempDir folder;
        Pty console{{find_program("chatd"), "-d", "-o", "listen 127.0.0.1:0", "-o",
                     "state " + (folder / "state").native()}};
        Connection client = enter_daemon_on(console);
        console.wait_for("A line typed here is announced to everybody");
        console.type("help\r");
        console.wait_for("quit, exit  stop chatd; asks first");
        console.type("?\rquit\r");
        console.wait_for("Type yes, or Enter to go on");
        console.type("no\r");
        console.wait_for("chatd goes on; nothing was announced.");
        console.type("exit\r\rit goes on\r");                         // Enter alone is no, too
        CHECK(client.read_line() == "administrator say: it goes on"); // and none of all that was said
        console.type("quit\ryes\r");
        CHECK(console.wait() == 0);
        CHECK(client.read_line() == "The server is stopping: come back later.");
    }

    TEST_CASE("what is typed while chatd -d is in the background of a shell is left to the shell") {
        const TempDir folder;
        Pty shell{{"sh", "-mc",
                   text("\"$0\" -d -o 'listen 127.0.0.1:0' -o 'state ", (folder / "state").native(),
                        "' & read word; echo got $word; fg"),
                   find_program("chatd")}};
        Connection client = enter_daemon_on(shell);
        shell.type("secret\r");
        shell.wait_for("got secret");
        shell.type("hello\r"); // in the foreground, a second later at the latest
        CHECK(client.read_line() == "administrator say: hello");
        shell.type("half a line\x03");
        CHECK(client.read_line() == "The server is stopping: come back later.");
        shell.wait();
    }

    TEST_CASE("an announcement that cannot be made is an error") {
        const Daemon daemon{chatd_with(two_rooms)};
        CHECK(run_chatctl(daemon, {"announce"}).err == "chatctl: say what to announce\n");
        CHECK(run_chatctl(daemon, {"announce", "-r", "plans"}).err == "chatctl: say what to announce\n");
        CHECK(run_chatctl(daemon, {"announce", "-r", "attic", "x"}).err.find("no room 'attic'") !=
              std::string::npos);
        const Result long_one = run_chatctl(daemon, {"announce", std::string(2001, 'x')});
        CHECK(long_one.status == 1);
        CHECK(long_one.err.find("2000 bytes at most") != std::string::npos);
        ChatClient ada{daemon, "ada"};
        chatctl(daemon, {"announce", std::string(2000, 'x')});
        ada.expect_line("administrator say: " + std::string(2000, 'x'));
    }

    TEST_CASE("rooms and who tell who is where") {
        const Daemon daemon{chatd_with(two_rooms)};
        chatctl(daemon, {"topic", "-r", "lobby", "be quiet"});
        ChatClient ada{daemon, "ada"}, zhang{daemon, "张三", "s3cret"}, unnamed{daemon};
        const pid_t pid = handler_of(daemon, unnamed);
        CHECK(row_of(chatctl(daemon, {"rooms"}), "quiet") == Words{"lobby", "open", "1", "2", "be", "quiet"});
        zhang.send("hello\n/who\n");
        zhang.expect_line("张三");
        CHECK(row_of(chatctl(daemon, {"rooms"}), "-") == Words{"plans", "code", "1", "2", "-"});
        const std::string who = chatctl(daemon, {"who"});
        const Words row = row_of(who, "张三");
        REQUIRE(row.size() == 7);
        CHECK(row[0] == std::to_string(handler_of(daemon, zhang)));
        CHECK(row[1] == zhang.local().shown());
        CHECK(row[3] == "-"); // no IRC
        CHECK(row[4] == "-"); // nor TLS
        CHECK(row[5] == "plans");
        CHECK(row_of(who, "-")[0] == std::to_string(pid));
        CHECK(split_lines(who).size() == 4);
    }

    TEST_CASE("kick ends a client that is told and frees its name and tells the room") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "Ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        chatctl(daemon, {"kick", "aDA"});
        ada.wait_for_line("An operator has ended your connection."); // behind what the room saw of it, or not
        CHECK(ada.read_to_end().empty());
        bob.expect_lines({"administrator kicked Ada", "Ada left"});
        ChatClient again{daemon, "ada"};
        bob.expect_line("ada joined");
        CHECK(run_chatctl(daemon, {"kick", "eve"}).err ==
              "chatctl: nobody has that name: `who' lists the names\n");
        CHECK(run_chatctl(daemon, {"kick"}).status == 1);

        ChatClient naming{daemon}; // one who has a name and no room yet
        naming.say("carl");
        naming.wait_for_text("Room code: ");
        chatctl(daemon, {"kick", "carl"});
        naming.expect_line("An operator has ended your connection.");
        bob.say("hello");
        again.expect_line("bob say: hello");
    }

    TEST_CASE("stats count clients and lines and what was refused") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        ada.send("one\ntwo\n/who\n");
        ada.expect_line("ada");
        { ChatClient bob{daemon, "bob"}; }
        ada.expect_lines({"bob joined", "bob left"});
        const auto stat = [&](const std::string& name) {
            const std::string stats = chatctl(daemon, {"stats"});
            return stats.substr(stats.find(name + ' ') + name.size() + 1).substr(0, 1);
        };
        CHECK(stat("clients") == "1");
        CHECK(stat("accepted") == "2");
        CHECK(stat("lines") == "5");
        CHECK(stat("crashed") == "0");
        CHECK(stat("rooms") == "1");
    }

    TEST_CASE("history prints the last lines of a room with time and number") {
        const Daemon daemon{chatd_with(two_rooms)};
        CHECK(chatctl(daemon, {"history", "lobby"}) == "");
        ChatClient ada{daemon, "ada"};
        for (int line = 1; line <= 30; ++line) ada.say(text("line ", line));
        chatctl(daemon, {"announce", "last"}); // not before they are there
        ada.say("/who");
        ada.wait_for_line("ada");
        const auto whole = split_lines(chatctl(daemon, {"history", "lobby", "-n", "100"}));
        REQUIRE(whole.size() == 32);
        CHECK(without_stamp(whole.front()) == "ada joined");
        for (std::size_t at = 0; at < whole.size(); ++at)
            CHECK(whole[at].substr(21).starts_with(text(at + 1, ' ')));
        const auto some = split_lines(chatctl(daemon, {"history", "lobby"}));
        CHECK(some == std::vector(whole.end() - 20, whole.end()));
        CHECK(split_lines(chatctl(daemon, {"history", "-n", "2", "lobby"})) ==
              std::vector(whole.end() - 2, whole.end()));
        CHECK(chatctl(daemon, {"history", "lobby", "-n", "0"}) == "");
        for (const Words& wrong : {Words{"history"}, Words{"history", "attic"},
                                   Words{"history", "lobby", "-n"}, Words{"history", "lobby", "-n", "x"}})
            CHECK(run_chatctl(daemon, wrong).status == 1);
    }

    TEST_CASE("history --follow prints lines as they come until its reader leaves") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient ada{daemon, "ada"};
        Process follower{{"chatctl", "-s", control_of(daemon), "history", "lobby", "-n", "5", "--follow"}};
        follower.out().wait_for("ada joined\n");
        for (int line = 1; line <= 3; ++line) {
            ada.say(text("line ", line));
            follower.out().wait_for(text("ada say: line ", line, '\n'));
        }
        follower.signal(SIGTERM);
        CHECK(follower.wait() == 128 + SIGTERM);

        Connection control{common::Address::of_path(control_of(daemon).native())};
        control.send("history lobby --follow -n 1\n");
        CHECK(control.read_line().ends_with(" ada say: line 3"));
        ada.say("line 4");
        CHECK(control.read_line().ends_with(" ada say: line 4"));
        control.send("\n");
        CHECK(control.read_line() == "ok");
        control.send("rooms\n");
        CHECK(control.read_line().starts_with(" ROOM"));
    }

    TEST_CASE("history --follow prints each line once over deaths of the hub and an upgrade") {
        Daemon daemon{chatd_with({"room lobby", "flood off"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined"); // no new line for who wants none of the old ones
        const std::vector<Words> options{{}, {"-n", "0"}, {"--json", "--search", "line"}};
        std::vector<std::unique_ptr<Process>> all;
        for (const Words& some : options) {
            Words words{"chatctl", "-s", control_of(daemon), "history", "lobby", "--follow"};
            words.insert(words.end(), some.begin(), some.end());
            all.push_back(std::make_unique<Process>(words));
        }
        all.at(0)->out().wait_for("bob joined\n");
        wait_until("who wants no old line is there", [&] {
            ada.say("early");
            return !all.at(1)->out().text().empty();
        });
        std::string lines;
        const auto say = [&](std::string_view what) {
            ada.say(text("line ", what));
            bob.wait_for_line(text("ada say: line ", what));
            lines += text("line ", what, '\n');
        };
        std::size_t seen = 0;
        for (const std::string what : {"one", "two"}) {
            ::kill(daemon.main_pid(), SIGKILL);
            say(what);
            seen = daemon.wait_for_log("]: listening on ", daemon.wait_for_log("going on after a hub", seen));
        }
        CHECK(run_chatctl(daemon, {"upgrade"}).status == 0);
        say("three");
        for (const auto& one : all) one->out().wait_for("line three");
        daemon.stop();
        for (const auto& one : all) {
            CHECK(one->wait() == 1);
            std::string said;
            for (const std::string& line : split_lines(one->out().text()))
                if (const auto at = line.find("line "); at != line.npos)
                    said += line.substr(at, line.find('"', at) - at) + '\n';
            CHECK(said == lines);
            CHECK(one->err().text() ==
                  "chatctl: the daemon has closed the connection before the answer's end\n");
        }
        CHECK(all.at(1)->out().text().find("joined") == std::string::npos);
    }

    TEST_CASE("history --follow of ten thousand lines goes on where a slow reader left off") {
        const Daemon daemon{chatd_with({})};
        constexpr int lines = 10'000;
        ChatClient ada{daemon, "ada"};
        Connection control{common::Address::of_path(control_of(daemon).native())};
        control.send("history lobby --follow\n");
        CHECK(control.read_line().ends_with("ada joined"));
        std::string typed;
        for (int line = 1; line <= lines; ++line) typed += text(line, std::string(60, '.'), '\n');
        ada.send(typed + "/who\n");
        ada.expect_line("ada"); // nobody has read a line of the answer yet
        for (int line = 1; line <= lines; ++line)
            if (control.read_line().find(text(" ada say: ", line, '.')) == std::string::npos) FAIL(line);
        ada.say("more");
        CHECK(control.read_line().ends_with("ada say: more"));
    }

    TEST_CASE("a control client that reads nothing holds up nobody in the rooms") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        Connection control{common::Address::of_path(control_of(daemon).native())};
        std::string many;
        for (int i = 0; i < 1000; ++i) many += "who\nhelp\nhistory lobby\n";
        CHECK(::send(control.fd(), many.data(), many.size(), MSG_DONTWAIT) > 0);
        ada.say("hello");
        bob.expect_line("ada say: hello");
        CHECK(split_lines(chatctl(daemon, {"who"})).size() == 3);
    }

    TEST_CASE("help lists the verbs of chatd and unknown ones are named") {
        const Daemon daemon{chatd_with({})};
        const std::string help = chatctl(daemon, {"help"});
        for (const char* const verb : {"announce", "rooms", "who", "kick", "history", "stats", "help"})
            CHECK(help.find(text(verb, ' ')) != std::string::npos);
        CHECK(run_chatctl(daemon, {"nonsense"}).err ==
              "chatctl: there is no verb 'nonsense': `help' lists them\n");
        CHECK(run_chatctl(daemon, {"rooms", "all"}).status == 1);
    }
}
