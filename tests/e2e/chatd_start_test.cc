// SPDX-License-Identifier: ISC
// How chatd starts, is limited, reads its configuration again and stops.
#include "tests/e2e/chat_client.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sstream>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

// A configuration file that a test changes.
class Config {
public:
    explicit Config(std::string_view lines) { write(lines); }
    void write(std::string_view lines) const { write_file(path(), lines); }
    Daemon::Setting setting() const { return {.options = {"-f", path()}, .program = "chatd"}; }

private:
    std::string path() const { return folder_ / "chatd.conf"; }
    TempDir folder_;
};

// HUP, and what came of it.
void reload(Daemon& daemon, std::string_view outcome) {
    const std::size_t before = daemon.log().size();
    daemon.signal(SIGHUP);
    daemon.wait_for_log(outcome, before);
}

pid_t parent_of(pid_t pid) {
    for (const ProcessStatus& process : all_processes())
        if (process.pid == pid) return process.parent;
    return 0;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("chatd -n checks the configuration and says what is wrong with it") {
        const Result good = run_client({"chatd", "-n", "-o", "room plans code x"});
        CHECK(good.status == 0);
        CHECK(good.out == "chatd: configuration is good\n");
        const Result bad = run_client({"chatd", "-n", "-o", "room a code x", "-o", "room b code x"});
        CHECK(bad.status == 1);
        CHECK(bad.err.find("would be entered with the same word") != std::string::npos);
        CHECK(run_client({"chatd", "-Z"}).status == 64);
        CHECK(run_client({"chatd", "more"}).status == 64);
        CHECK(run_client({"chatd", "-V"}).out.starts_with("chatd "));
    }

    TEST_CASE("a bad configuration starts nothing") {
        const Result result = run_client({find_program("chatd"), "-d", "-o", "rooom lobby"});
        CHECK(result.status == 1);
        CHECK(result.err == "chatd: -o: there is no directive 'rooom': did you mean 'room'?\n");
    }

    TEST_CASE("a second chatd on the same state says that there is one") {
        const Daemon daemon{chatd_with({})};
        const Result second = run_client({find_program("chatd"), "-d", "-o", "listen 127.0.0.1:0", "-o",
                                          "state " + daemon.state().native()});
        CHECK(second.status == 1);
        CHECK(second.err.find(daemon.state().native()) != std::string::npos);
        ChatClient ada{daemon, "ada"};
    }

    TEST_CASE("a chatd that detached holds nothing of whoever started it and stops when it is told") {
        const TempDir folder;
        const Path state = folder.make_shared("home") / "state";
        auto [reading, writing] = make_pipe();
        const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const std::string socket = folder / "chat.sock";
        Child starter{{find_program("chatd"), "-o", "listen unix:" + socket, "-o", "state " + state.native()},
                      {.descriptors = {nothing.get(), writing.get(), writing.get()},
                       .environment = {},
                       .terminal = {}}};
        CHECK(starter.wait() == 0); // it listens now
        Connection client{common::Address::of_path(socket)};
        client.send("ada\n\n");
        CHECK(client.read_line() == "Your name: Room code: " + welcome_to("lobby"));
        writing.reset();
        Connection{std::move(reading)}.read_to_end(); // nobody has its output any more, whoever serves us
        const std::string who = run_client({"chatctl", "-s", state / "control", "who"}).out;
        const pid_t handler = std::stoi(split_lines(who).at(1));
        if (!have_proc()) return;
        const pid_t hub = parent_of(parent_of(handler));
        REQUIRE(hub > 1);
        ::kill(hub, SIGTERM);
        CHECK(client.read_line() == "The server is stopping: come back later.");
        client.wait_for_end();
        wait_until("it is gone", [&] { return !is_alive(hub) && !is_alive(handler); });
        CHECK_FALSE(std::filesystem::exists(socket));
    }

    TEST_CASE("chatd serves TCP and unix sockets and those that a service manager passed") {
        const TempDir folder;
        const std::string own = folder / "own.sock", passed = folder / "passed.sock";
        {
            const Daemon daemon{
                {.lines = {"listen 127.0.0.1:0", "listen unix:" + own}, .program = "chatd", .listeners = 2}};
            Connection ada{common::Address::of_path(own)};
            ada.send("ada\n\n");
            CHECK(ada.read_line() == "Your name: Room code: " + welcome_to("lobby"));
            ChatClient bob{daemon, "bob"};
            CHECK(ada.read_line() == "bob joined");
            bob.say("hello");
            CHECK(ada.read_line() == "bob say: hello");
        }
        CHECK_FALSE(std::filesystem::exists(own));
        const common::Fd listener = common::listen_on(common::Address::of_path(passed));
        const common::Fd tcp = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
        const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const common::Fd odd{::open("/", O_RDONLY | O_CLOEXEC)}; // left open by mistake
        auto [reading, writing] = make_pipe();
        Child daemon{{"sh", "-c", "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"", "sh",
                      find_program("chatd"), "-d", "-o", "state " + std::string{folder / "state"}},
                     {.descriptors = {nothing.get(), nothing.get(), writing.get(), listener.get(), tcp.get(),
                                      odd.get()},
                      .environment = {"LISTEN_FDS=2"},
                      .terminal = {}}};
        writing.reset();
        const Collector log{std::move(reading), "chatd"};
        log.wait_for("listening on unix:" + passed);
        log.wait_for("listening on 127.0.0.1:");
        Connection ada{common::Address::of_path(passed)};
        ada.send("ada\n\n");
        CHECK(ada.read_line() == "Your name: Room code: " + welcome_to("lobby"));
        for (const ProcessStatus& spawner : children_of(daemon.pid()))
            CHECK(descriptors_of(spawner.pid).size() <= 6); // 0, 1, 2, its pair, the pages, epoll
        daemon.signal(SIGTERM);
        CHECK(daemon.wait() == 0);
        CHECK(std::filesystem::exists(passed)); // the manager's
    }

    TEST_CASE("at max-clients the next client waits and gets in when one leaves") {
        const Daemon daemon{chatd_with({"max-clients 2"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        Connection third{daemon.port()};
        third.send("carl\n\n");
        CHECK(chatctl(daemon, {"stats"}).find("clients 2\n") != std::string::npos);
        CHECK_FALSE(third.has_input());
        bob.reset();
        ada.expect_lines({"bob joined", "bob left", "carl joined"});
    }

    TEST_CASE("a client over its address's limit is told and one below it is let in") {
        const Daemon daemon{chatd_with({"max-per-address 1"})};
        ChatClient ada{daemon, "ada"};
        Connection second{daemon.port()};
        CHECK(second.read_to_end().find('\n') != std::string::npos);
        const std::string end = text("end ", ada.local().shown(), ' ');
        ada.close();
        daemon.wait_for_log(end);
        ChatClient again{daemon, "ada"};
    }

    TEST_CASE("a client that says nothing for idle-timeout is told and let go") {
        const Daemon daemon{chatd_with({"idle-timeout 1"})};
        ChatClient ada{daemon, "ada"};
        ada.expect_line("You have said nothing for 1 seconds: goodbye.");
        CHECK(ada.read_to_end().empty());
    }

    TEST_CASE("HUP opens new rooms and changes codes and lets nobody in with an old one") {
        const Config config{"room lobby\nroom plans code old\n"};
        Daemon daemon{config.setting()};
        ChatClient ada{daemon, "ada", "old"};
        ada.send("before\n/who\n");
        ada.expect_line("ada");
        config.write("room lobby\nroom plans code new\nroom attic\nhistory-on-join 0\n");
        reload(daemon, "configuration read again");
        ada.say("after"); // who is there stays
        ChatClient late{daemon};
        late.send("late\nold\nnew\n");
        late.expect_lines({"Your name: Room code: No room has that code. Tries left: 2.",
                           "Room code: " + welcome_to("plans")});
        ada.expect_line("late joined");
        late.say("hello");
        ada.expect_line("late say: hello");
        const Path folder = daemon.state() / "rooms" / "plans";
        CHECK(read_file(folder / "00000001.log").find("before") != std::string::npos);
        CHECK(read_file(folder / "00000001.log").find("after") == std::string::npos);
        CHECK(read_file(folder / "00000002.log").find("after") != std::string::npos);
        CHECK(chatctl(daemon, {"history", "plans"}).find("say: before\n") != std::string::npos);
        ChatClient bob{daemon, "bob", "attic"};
    }

    TEST_CASE("a bad configuration on HUP leaves all as it was") {
        const Config config{"room lobby\nroom plans code old\n"};
        Daemon daemon{config.setting()};
        config.write("room lobby\nroom plans code lobby\n");
        reload(daemon, "configuration not read again, the old one stays: ");
        ChatClient ada{daemon, "ada", "old"};
        config.write("room lobby\n"); // a room that is gone is entered no more, and who is in it stays
        reload(daemon, "room plans is gone from the configuration");
        ChatClient bob{daemon};
        bob.send("bob\nold\n");
        bob.expect_line("Your name: Room code: No room has that code. Tries left: 2.");
        chatctl(daemon, {"announce", "still here"});
        ada.expect_line("administrator say: still here");
    }

    TEST_CASE("USR1 prints to the log what chatctl prints") {
        Daemon daemon{chatd_with({"room lobby", "room plans code s3cret"})};
        ChatClient ada{daemon, "ada", "s3cret"};
        const std::size_t before = daemon.log().size();
        daemon.signal(SIGUSR1);
        const std::string prefix = text("hub[", daemon.pid(), "]: ");
        for (const std::string verb : {"rooms", "stats"})
            for (const std::string& line : split_lines(chatctl(daemon, {verb})))
                daemon.wait_for_log(prefix + (line.starts_with("uptime-") ? "uptime-" : line + "\n"), before);
        CHECK(daemon.log().find("s3cret") == std::string::npos);
    }

    TEST_CASE("clients are told when chatd stops and nothing is left of it") {
        for (const int signal : {SIGTERM, SIGINT}) {
            Daemon daemon{chatd_with({})};
            ChatClient ada{daemon, "ada"}, naming{daemon};
            naming.read_exactly(11);
            const std::vector pids{handler_of(daemon, ada), handler_of(daemon, naming)};
            daemon.signal(signal);
            const std::string words = "The server is stopping: come back later.";
            ada.expect_line(words);
            naming.expect_line(words);
            CHECK(ada.read_to_end().empty());
            CHECK(daemon.wait() == 0);
            if (have_proc())
                for (const pid_t pid : pids) wait_until("it is gone", [&] { return !is_alive(pid); });
            CHECK_FALSE(std::filesystem::exists(daemon.state() / "control"));
        }
    }
}
