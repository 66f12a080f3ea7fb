// SPDX-License-Identifier: ISC
// chat when its connection breaks: at the worst moments, of a person's half line as of a pipe's thousands.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/relay.hh"

#include "common/text.hh"
#include "tests/screen.hh"

#include <algorithm>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

const std::string no_history = "history-on-join 0";

// At a terminal, behind a relay, and in the room.
struct Person {
    Person(const Relay& relay, const std::string& name)
        : terminal({"chat", text(name, "@127.0.0.1:", relay.port()), ""}, {"LC_ALL=C", "TERM="}) {
        terminal.wait_for("You are in ");
        terminal.wait_for("> ");
    }
    // How often a line stands on the screen.
    std::size_t times(std::string_view line) const {
        tests::Screen screen{80};
        screen.write(terminal.screen());
        std::size_t count = 0;
        for (const std::string& row : common::split_lines(screen.text())) count += row.ends_with(line);
        return count;
    }
    Pty terminal;
};

void wait_until_logged(const Daemon& daemon, std::string_view line) {
    wait_until(text("`", line, "' is in the log"), [&] {
        return chatctl(daemon, {"history", "lobby", "-n", "100000"}).find(text(line, '\n')) !=
               std::string::npos;
    });
}

// What was said in the room, in its order.
std::vector<std::string> said_by(const Daemon& daemon, std::string_view name) {
    std::vector<std::string> said;
    const std::string lead = text(name, " say: ");
    for (const std::string& line : common::split_lines(chatctl(daemon, {"history", "lobby", "-n", "100000"})))
        if (const std::size_t at = line.find(lead); at != line.npos)
            said.push_back(line.substr(at + lead.size()));
    return said;
}

std::vector<std::string> numbered_lines(std::size_t count) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) lines.push_back(text("line ", i));
    return lines;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("lines that come while the connection is broken are shown once and none is missed") {
        const Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        Person ada{relay, "ada"};
        ChatClient bob{daemon, "bob"};
        ada.terminal.wait_for("bob joined");
        bob.say("one");
        ada.terminal.wait_for("bob say: one");
        SUBCASE("cut between lines") {}
        SUBCASE("cut while the last line is on its way") {
            relay.hold(Relay::Way::to_client);
            bob.say("on its way");
            wait_until_logged(daemon, "bob say: on its way");
        }
        relay.cut_and_close_door();
        ada.terminal.wait_for("trying again");
        bob.expect_line("ada left");
        bob.say("two");
        wait_until_logged(daemon, "bob say: two");
        relay.open_door();
        ada.terminal.wait_for("chat: connected again");
        ada.terminal.wait_for("bob say: two");
        bob.expect_line("ada joined");
        bob.say("three");
        ada.terminal.wait_for("bob say: three");
        const std::string history = chatctl(daemon, {"history", "lobby"});
        for (const char* const line : {"one", "on its way", "two", "three"}) {
            const bool was_said = history.find(text("say: ", line, '\n')) != std::string::npos;
            CHECK(ada.times(text("bob say: ", line)) == (was_said ? 1 : 0));
        }
        CHECK(ada.times("ada left") == 0); // only the others are told
        CHECK(ada.times("ada joined") == 0);
    }

    TEST_CASE("half a line survives the connection and so does what is typed in the gap") {
        const Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        Person ada{relay, "ada"};
        ChatClient bob{daemon, "bob"};
        ada.terminal.wait_for("bob joined");
        ada.terminal.type("张 half");
        ada.terminal.wait_for("half");
        relay.cut_and_close_door();
        ada.terminal.wait_for("trying again");
        bob.expect_line("ada left");
        ada.terminal.type(" a lime\x7f\x7fne");
        relay.open_door();
        ada.terminal.wait_for("> 张 half a line");
        bob.expect_line("ada joined");
        ada.terminal.type("\r");
        bob.expect_line("ada say: 张 half a line");
    }

    TEST_CASE("a line that was called back survives though the server's memory of it does not") {
        const Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        Person ada{relay, "ada"};
        ChatClient bob{daemon, "bob"};
        ada.terminal.wait_for("bob joined");
        ada.terminal.type("first\r");
        bob.expect_line("ada say: first");
        ada.terminal.wait_for("first\r\n> ");
        ada.terminal.type("\x1b[A");
        ada.terminal.wait_for("first");
        relay.cut();
        ada.terminal.wait_for("chat: connected again");
        ada.terminal.wait_for("> first");
        ada.terminal.type(", and again\r");
        bob.wait_for_line("ada say: first, and again");
    }

    TEST_CASE("a line is said once wherever the connection breaks behind Enter") {
        const Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        Person ada{relay, "ada"};
        ChatClient bob{daemon, "bob"};
        ada.terminal.wait_for("bob joined");
        SUBCASE("before the server has heard it") {
            relay.hold(Relay::Way::to_server);
            ada.terminal.type("once\r");
        }
        SUBCASE("behind the server's answer") {
            relay.hold(Relay::Way::to_client);
            ada.terminal.type("once\r");
            bob.expect_line("ada say: once");
        }
        relay.cut();
        ada.terminal.wait_for("chat: connected again");
        ada.terminal.type("twice\r");
        bob.wait_for_line("ada say: twice");
        CHECK(said_by(daemon, "ada") == std::vector<std::string>{"once", "twice"});
    }

    TEST_CASE("a pipe's lines arrive in order and once however often the connection breaks") {
        const Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        const std::vector<std::string> lines = numbered_lines(3000);
        Process pipe{{"chat", text("ci@127.0.0.1:", relay.port())}};
        unsigned cuts = 0;
        for (const std::string& line : lines) {
            pipe.write(line + '\n');
            if (line == "line 700" || line == "line 1500" || line == "line 2999") {
                relay.wait_for_connections(++cuts);
                wait_until_logged(daemon, cuts == 1 ? "ci say: line 100" : "ci joined");
                if (cuts == 2) relay.hold(Relay::Way::to_client);
                relay.cut();
            }
        }
        pipe.close_input();
        CHECK(pipe.wait() == 0);
        CHECK(pipe.out().text().find("say: ") == std::string::npos);
        CHECK(said_by(daemon, "ci") == lines);
    }

    TEST_CASE("a pipe reads every line once however often the connection breaks while they come") {
        const Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        Process pipe{{"chat", text("log@127.0.0.1:", relay.port())}};
        pipe.out().wait_for("You are in lobby.");
        ChatClient bob{daemon, "bob"};
        const std::vector<std::string> lines = numbered_lines(3000);
        std::size_t seen = 0;
        for (const std::string& line : lines) {
            bob.say(line);
            if (line == "line 500" || line == "line 1800" || line == "line 2500") {
                seen = pipe.out().wait_for("bob say: line 4", seen);
                relay.cut();
            }
        }
        pipe.out().wait_for("bob say: line 2999\n", seen);
        pipe.close_input();
        CHECK(pipe.wait() == 0);
        std::vector<std::string> read;
        for (const std::string& line : common::split_lines(pipe.out().text()))
            if (const std::size_t at = line.find("bob say: "); at != line.npos)
                read.push_back(line.substr(at + 9));
        const auto other = std::mismatch(read.begin(), read.end(), lines.begin(), lines.end());
        INFO("first other line: " << (other.first == read.end() ? "none" : *other.first) << " instead of "
                                  << (other.second == lines.end() ? "none" : *other.second));
        CHECK(read == lines);
    }

    TEST_CASE("after a restart of the server chat joins again as a newcomer and says what was left") {
        std::optional<Daemon> daemon{chatd_with({"room lobby code s3cret", no_history})};
        Relay relay{daemon->port()};
        Pty ada{{"chat", text("ada@127.0.0.1:", relay.port()), "s3cret"}};
        ada.wait_for("You are in lobby.");
        ada.type("half");
        ada.wait_for("> half");
        relay.cut_and_close_door();
        ada.wait_for("trying again");
        daemon.reset();
        ada.type(" a line\r");
        daemon.emplace(chatd_with({"room lobby code s3cret", no_history}));
        ChatClient bob{*daemon, "bob", "s3cret"};
        relay.lead_to(daemon->port());
        relay.open_door();
        ada.wait_for("as a newcomer");
        bob.expect_lines({"ada joined", "ada say: half a line"});
    }

    TEST_CASE("a server that stops in order is waited for until ^C") {
        Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        Person ada{relay, "ada"};
        daemon.stop();
        ada.terminal.wait_for("chat: the server has stopped; trying again in");
        ada.terminal.type("\x03");
        CHECK(ada.terminal.wait() == 128 + 2);
    }

    TEST_CASE("an end that the server means is the end") {
        const Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        Person ada{relay, "ada"};
        SUBCASE("thrown out") { chatctl(daemon, {"kick", "ada"}); }
        SUBCASE("/quit") { ada.terminal.type("/quit\r"); }
        SUBCASE("^D") { ada.terminal.type("\x04"); }
        SUBCASE("^C on an empty line, which the first one makes") {
            ada.terminal.type("half\x03");
            ada.terminal.wait_for("\r\n> ");
            ada.terminal.type("\x03");
        }
        CHECK(ada.terminal.wait() == 0);
        CHECK(ada.terminal.screen().find("trying again") == std::string::npos);
    }

    TEST_CASE("a server that is frozen is left with three times ^C") {
        const Daemon daemon{chatd_with({no_history})};
        Relay relay{daemon.port()};
        Person ada{relay, "ada"};
        relay.hold(Relay::Way::to_client);
        ada.terminal.type("x\x03\x03");
        ada.terminal.type("\x03");
        CHECK(ada.terminal.wait() == 128 + 2);
    }
}
