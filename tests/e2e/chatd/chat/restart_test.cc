// SPDX-License-Identifier: ISC
// chat when the server stops and is started again, or a process of it dies: a pipe's lines are said once, and
// a person is shown each line once.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/relay.hh"
#include "tests/skip.hh"

#include "common/text.hh"
#include "tests/screen.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <optional>
#include <signal.h>

using namespace e2e;
using common::text;

namespace {

// A server that is stopped and started again on one state, and found at one place: a socket in the file
// system. People with nc find it at its port.
class Restarted {
public:
    explicit Restarted(Words lines = {}) {
        lines.push_back(text("state ", (home_ / "state").native()));
        lines.insert(lines.end(), {"listen 127.0.0.1:0", text("listen unix:", socket_.native())});
        setting_ = chatd_with(std::move(lines));
        setting_.listeners = 2;
        start();
    }
    void start() { daemon_.emplace(setting_); }
    void stop() {
        daemon_->stop();
        daemon_.reset();
    }
    void restart() {
        stop();
        start();
    }
    void kill() {
        daemon_->kill();
        daemon_.reset();
    }
    const Daemon& daemon() const { return *daemon_; }
    std::string address(std::string_view name = {}) const {
        return text(name, name.empty() ? "" : "@", socket_.native());
    }

    // The last lines of the lobby.
    std::string history(int count, std::string_view room = "lobby") const {
        return run_client({"chatctl", "-s", home_ / "state" / "control", "history", std::string{room}, "-n",
                           text(count)})
            .out;
    }
    // All that was said there by now, in its order.
    std::vector<std::string> said_by(std::string_view name, std::string_view room = "lobby") const {
        std::vector<std::string> said;
        const std::string lead = text(name, " say: ");
        for (const std::string& line : common::split_lines(history(100'000, room)))
            if (const std::size_t at = line.find(lead); at != line.npos)
                said.push_back(line.substr(at + lead.size()));
        return said;
    }
    // Of the client that came last.
    pid_t last_handler() const {
        const std::string log = daemon_->log();
        const std::size_t at = log.find(" pid ", log.rfind(": accept "));
        return static_cast<pid_t>(std::stol(log.substr(at + 5)));
    }
    void wait_until_logged(std::uintmax_t bytes, std::string_view room = "lobby") const {
        const Path log = home_ / "state" / "rooms" / room / "00000001.log";
        wait_until(text("the log has ", bytes, " bytes"),
                   [&] { return std::filesystem::file_size(log) >= bytes; });
    }

private:
    TempDir folder_;
    Path home_ = folder_.make_shared("home"), socket_ = home_ / "chat.sock";
    Daemon::Setting setting_;
    std::optional<Daemon> daemon_;
};

std::vector<std::string> numbered_lines(std::size_t count) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) lines.push_back(text("line ", i));
    return lines;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) all += line + '\n';
    return all;
}

// Which line is the first that is not where it should be.
std::string first_difference(const std::vector<std::string>& are, const std::vector<std::string>& should_be) {
    const auto other = std::mismatch(are.begin(), are.end(), should_be.begin(), should_be.end());
    return text(other.first == are.end() ? "none" : *other.first, " instead of ",
                other.second == should_be.end() ? "none" : *other.second);
}

// Says so many lines, and waits until they are in the log.
void say_lines(const Restarted& server, ChatClient& client, std::string_view what, int count) {
    for (int i = 1; i <= count; ++i) client.say(text(what, ' ', i, '.'));
    wait_until("the lines are in the log",
               [&] { return count == 0 || server.history(1).ends_with(text(what, ' ', count, ".\n")); });
}

// A person at a terminal who is in the room, by this name.
struct Person {
    Person(const Restarted& server, std::string_view name)
        : terminal({"chat", server.address(name), ""}, {"LC_ALL=C", "TERM="}) {
        terminal.wait_for("You are in ");
        terminal.wait_for("> ");
    }
    // How often each of so many lines was shown, in the order of the lines.
    std::vector<int> times(std::string_view what, int count) const {
        tests::Screen screen{80};
        screen.write(terminal.screen());
        const std::vector<std::string> rows = common::split_lines(screen.text());
        std::vector<int> times;
        for (int i = 1; i <= count; ++i)
            times.push_back(static_cast<int>(std::ranges::count_if(
                rows, [&](const std::string& row) { return row.ends_with(text(' ', what, ' ', i, '.')); })));
        return times;
    }
    Pty terminal;
};

const std::vector<int> once_each(int count) { return std::vector<int>(static_cast<std::size_t>(count), 1); }

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a pipe's lines are said once and in order over stops and starts of the server") {
        Restarted server{{"flood 3000/1", "history-on-join 0"}}; // so slow that each stop is in the middle
        const std::vector<std::string> lines = numbered_lines(9000);
        Process pipe{{"chat", server.address("ci"), "lobby"}, make_unlinked_file(joined(lines))};
        for (const std::uintmax_t bytes : {40'000, 200'000, 330'000}) {
            server.wait_until_logged(bytes);
            server.restart();
        }
        CHECK(pipe.wait() == 0);
        const std::vector<std::string> said = server.said_by("ci");
        INFO(first_difference(said, lines));
        CHECK(said == lines);
        CHECK(pipe.err().text().find("newcomer") == std::string::npos);
    }

    TEST_CASE("a pipe's lines are said once and in order over the deaths of its handler and of the spawner") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Restarted server{{"flood 3000/1", "history-on-join 0"}};
        const std::vector<std::string> lines = numbered_lines(9000);
        Process pipe{{"chat", server.address("ci"), "lobby"}, make_unlinked_file(joined(lines))};
        for (const std::uintmax_t bytes : {40'000, 200'000, 330'000}) {
            server.wait_until_logged(bytes);
            if (bytes != 40'000) ::kill(spawner_of(server.daemon()), SIGKILL);
            if (bytes != 200'000) ::kill(server.last_handler(), SIGKILL);
        }
        CHECK(pipe.wait() == 0);
        const std::vector<std::string> said = server.said_by("ci");
        INFO(first_difference(said, lines));
        CHECK(said == lines);
    }

    TEST_CASE("a pipe's lines are said once and in order over deaths of the hub and its handler at once") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Restarted server{{"flood 3000/1", "history-on-join 0"}};
        const std::vector<std::string> lines = numbered_lines(9000);
        Process pipe{{"chat", server.address("ci"), "lobby"}, make_unlinked_file(joined(lines))};
        for (const std::uintmax_t bytes : {40'000, 140'000, 240'000, 340'000}) {
            server.wait_until_logged(bytes);
            ::kill(server.daemon().main_pid(), SIGKILL);
            ::kill(server.last_handler(), SIGKILL);
        }
        CHECK(pipe.wait() == 0);
        const std::vector<std::string> said = server.said_by("ci");
        INFO(first_difference(said, lines));
        CHECK(said == lines);
    }

    TEST_CASE("a pipe's lines are said once and in order over deaths of the whole server") {
        Restarted server{{"flood 3000/1", "history-on-join 0"}};
        std::vector<std::string> lines = numbered_lines(9000);
        for (std::size_t i = 0; i < lines.size(); i += 1 + i % 3) lines[i] = "again";
        Process pipe{{"chat", server.address("ci"), "lobby"}, make_unlinked_file(joined(lines))};
        for (const std::uintmax_t bytes : {40'000, 110'000, 180'000, 250'000, 320'000}) {
            server.wait_until_logged(bytes);
            server.kill();
            server.start();
        }
        CHECK(pipe.wait() == 0);
        const std::vector<std::string> said = server.said_by("ci");
        INFO(first_difference(said, lines));
        CHECK(said == lines);
        CHECK(pipe.err().text().find("newcomer") != std::string::npos);
    }

    TEST_CASE("a person's lines are said once and in order over deaths of the whole server") {
        Restarted server{{"flood 200/1", "history-on-join 0"}};
        const std::vector<std::string> lines = numbered_lines(600);
        Person ada{server, "ada"};
        for (const std::string& line : lines) ada.terminal.type(line + '\r');
        for (const std::uintmax_t bytes : {4'000, 12'000, 20'000}) {
            server.wait_until_logged(bytes);
            server.kill();
            server.start();
        }
        wait_until("the last line is said", [&] { return server.history(1).ends_with("line 599\n"); });
        const std::vector<std::string> said = server.said_by("ada");
        INFO(first_difference(said, lines));
        CHECK(said == lines);
    }

    TEST_CASE("a person in two rooms is in both again after a death of the hub and the handler at once") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Restarted server{{"room lobby", "room plans code s3cret", "history-on-join 0"}};
        ChatClient bob{server.daemon(), "bob"};
        Person ada{server, "ada"};
        const pid_t handler = server.last_handler();
        ada.terminal.type("/join plans s3cret\r");
        ada.terminal.wait_for("You are in plans.");
        ChatClient carl{server.daemon(), "carl", "s3cret"};
        ada.terminal.type("to plans\r");
        carl.expect_line("ada say: to plans");
        // While there is no hub: nobody tells the next one how much was dealt with.
        const pid_t hub = server.daemon().main_pid();
        ::kill(server.daemon().pid(), SIGSTOP);
        ::kill(hub, SIGKILL);
        ::kill(handler, SIGKILL);
        ::kill(server.daemon().pid(), SIGCONT);
        ada.terminal.wait_for("connected again");
        bob.say("hello lobby");
        carl.say("hello plans");
        ada.terminal.wait_for("hello lobby");
        ada.terminal.wait_for("hello plans");
        ada.terminal.type("still in plans\r");
        carl.wait_for_line("ada say: still in plans");
        CHECK(server.said_by("ada", "plans") == std::vector<std::string>{"to plans", "still in plans"});
        CHECK(ada.terminal.screen().find("newcomer") == std::string::npos);
    }

    TEST_CASE("in two rooms a person's lines are said once over deaths of the hub and its handler at once") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Restarted server{{"room lobby", "room plans code s3cret", "flood 200/1", "history-on-join 0"}};
        const std::vector<std::string> lines = numbered_lines(600);
        Person ada{server, "ada"};
        ada.terminal.type("/join plans s3cret\r");
        ada.terminal.wait_for("You are in plans.");
        for (const std::string& line : lines) ada.terminal.type(line + '\r');
        for (const std::uintmax_t bytes : {4'000, 12'000, 20'000}) {
            server.wait_until_logged(bytes, "plans");
            ::kill(server.daemon().main_pid(), SIGKILL);
            ::kill(server.last_handler(), SIGKILL);
        }
        wait_until("the last line is said",
                   [&] { return server.history(1, "plans").ends_with("line 599\n"); });
        const std::vector<std::string> said = server.said_by("ada", "plans");
        INFO(first_difference(said, lines));
        CHECK(said == lines);
        CHECK(server.said_by("ada").empty()); // she was in the lobby all the time
    }

    TEST_CASE("a pipe whose connection ends before it is inside tries again and says all") {
        if (!have_proc()) return tests::skip("only /proc shows a handler that nobody has named");
        Restarted server{{"history-on-join 0"}};
        SUBCASE("as soon as it is there") {
            Relay relay{server.daemon().port()};
            relay.hold(Relay::Way::to_client);
            Process pipe{{"chat", text("ci@127.0.0.1:", relay.port())}};
            relay.wait_for_connections(1);
            relay.cut();
            pipe.write("hello\n");
            pipe.close_input();
            CHECK(pipe.wait() == 0);
        }
        SUBCASE("at the question for a name") {
            Process pipe{{"chat", server.address()}};
            const pid_t spawner = spawner_of(server.daemon());
            std::vector<ProcessStatus> handlers;
            wait_until("it has a handler", [&] { return (handlers = children_of(spawner)).size() == 1; });
            SUBCASE("the handler dies") { ::kill(handlers[0].pid, SIGKILL); }
            SUBCASE("the server stops") { server.restart(); }
            pipe.write("ci\n\nhello\n");
            pipe.close_input();
            CHECK(pipe.wait() == 0);
        }
        CHECK(server.said_by("ci") == std::vector<std::string>{"hello"});
    }

    TEST_CASE("a person's half line and what nothing was said after survive a restart of the server") {
        Restarted server{{"room lobby code s3cret", "history-on-join 0"}};
        Pty ada{{"chat", server.address("ada"), "s3cret"}, {"LC_ALL=C", "TERM="}};
        ada.wait_for("You are in lobby.");
        ada.wait_for("> ");
        ada.type("\rone\r\r\rhalf"); // of empty lines the hub does not hear
        ada.wait_for("> half");
        server.stop();
        ada.wait_for("trying again");
        ada.type(" a line\r");
        server.start();
        ada.wait_for("chat: connected again\r\n");
        wait_until("it is said", [&] { return server.said_by("ada").size() == 2; });
        server.restart();
        ada.type("more\r");
        wait_until("it is said", [&] { return server.said_by("ada").size() > 2; });
        CHECK(server.said_by("ada") == std::vector<std::string>{"one", "half a line", "more"});
    }

    TEST_CASE("a person who was away over a restart is shown every line once") {
        Restarted server;
        std::optional<ChatClient> bob{std::in_place, server.daemon(), "bob"};
        Person ada{server, "ada"};
        bob->wait_for_line("ada joined");
        say_lines(server, *bob, "early", 30);
        ada.terminal.wait_for("early 30.");
        int missed = 0;
        SUBCASE("quickly back") {}
        SUBCASE("stopped while much is said") { missed = 50; }
        bool is_killed = false;
        SUBCASE("the server is killed, and has lost the places") {
            missed = 50;
            is_killed = true;
        }
        if (missed != 0) ada.terminal.signal(SIGSTOP);
        bob.reset();
        is_killed ? server.kill() : server.stop();
        server.start();
        bob.emplace(server.daemon(), "bob");
        say_lines(server, *bob, "missed", missed);
        if (missed != 0) ada.terminal.signal(SIGCONT);
        ada.terminal.wait_for("chat: connected again");
        say_lines(server, *bob, "late", 3);
        ada.terminal.wait_for("late 3.");
        CHECK(ada.times("early", 30) == once_each(30));
        CHECK(ada.times("missed", missed) == once_each(missed));
        CHECK(ada.times("late", 3) == once_each(3));
        CHECK((ada.terminal.screen().find("as a newcomer") != std::string::npos) == is_killed);
    }

    TEST_CASE("where nothing is kept the numbers of the lines go on and what is gone is told") {
        Restarted server{{"room lobby history off"}};
        std::optional<ChatClient> bob{std::in_place, server.daemon(), "bob"};
        Person ada{server, "ada"};
        bob->wait_for_line("ada joined");
        server.daemon().wait_for_log("accept unix:"); // which may come behind what the handler does
        const pid_t handler = server.last_handler();
        ::kill(handler, SIGSTOP);
        say_lines(server, *bob, "gone", 5);
        bob.reset();
        server.restart();
        bob.emplace(server.daemon(), "bob");
        say_lines(server, *bob, "missed", 5);
        ::kill(handler, SIGKILL); // only now her chat sees that the server has stopped
        ada.terminal.wait_for("lines are gone.");
        ada.terminal.wait_for("missed 5.");
        CHECK(ada.times("gone", 5) == std::vector<int>(5));
        CHECK(ada.times("missed", 5) == once_each(5));
    }

    TEST_CASE("a place is not taken again past another code or after its time") {
        Words lines{"room lobby", "room plans code s3cret"};
        std::string time = "resume-time 600", room = "You are in lobby.";
        SUBCASE("another code") { lines[1] = "room plans code other"; }
        SUBCASE("no places any more") {
            time = "resume-time 0";
            room = "That token is no longer valid.";
        }
        const TempDir folder;
        const std::string state = text("state ", (folder.make_shared("home") / "state").native());
        std::string token;
        {
            Daemon daemon{chatd_with({"room lobby", "room plans code s3cret", state})};
            ChatClient bob{daemon, "bob"};
            bob.send("/join plans s3cret\n");
            bob.wait_for_line(welcome_to("plans"));
            token = bob.token();
            daemon.stop();
        }
        lines.insert(lines.end(), {state, time});
        const Daemon daemon{chatd_with(lines)};
        ChatClient again{daemon};
        again.send(text("/resume ", token, '\n'));
        again.wait_for_text(room);
        if (time.ends_with(" 0")) return;
        again.say("/rooms");
        again.wait_for_text("plans");
        again.say("hello");
        ChatClient ada{daemon, "ada"};
        ada.wait_for_text("bob say: hello\n");
    }
}
