// SPDX-License-Identifier: ISC
// An upgrade to the same program with another configuration: what waits for the next start takes effect, who
// has no place any more is told and leaves in order, and nobody else notices.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/roles.hh"
#include "tests/e2e/upgrade.hh"
#include "tests/faults/strace.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace e2e;
using common::text;

namespace {

// A configuration file that a test changes.
class Config {
public:
    explicit Config(std::string_view lines) { write(lines); }
    void write(std::string_view lines) const { write_file(path(), lines); }
    std::string in_folder(std::string_view name) const { return folder_ / name; }
    Daemon::Setting setting(std::size_t listeners = 1) const {
        return {.left_out = {"listen", "max-clients"},
                .options = {"-f", path()},
                .program = "chatd",
                .listeners = listeners};
    }

private:
    std::string path() const { return folder_ / "chatd.conf"; }
    TempDir folder_;
};

void upgrade(const Daemon& daemon) {
    const Result result = run_chatctl(daemon, {"upgrade"});
    CAPTURE(result.out);
    CAPTURE(result.err);
    REQUIRE(result.status == 0);
}

void check_they_talk(ChatClient& one, ChatClient& other, const std::string& names) {
    const std::size_t blank = names.find(' ');
    one.say("hello " + names);
    other.wait_for_line(text(names.substr(0, blank), " say: hello ", names));
    other.say("well " + names);
    one.wait_for_line(text(names.substr(blank + 1), " say: well ", names));
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("what is said all through an upgrade is said once and in its order and who comes is let in") {
        const Config config{"listen 127.0.0.1:0\nroom lobby\nhistory-on-join 0\nflood off\n"};
        const Daemon daemon{config.setting()};
        constexpr int speakers = 3;
        std::vector<std::unique_ptr<ChatClient>> clients;
        for (int i = 0; i < speakers; ++i)
            clients.push_back(std::make_unique<ChatClient>(daemon, text("c", i)));
        ChatClient listener{daemon, "listener"};
        std::atomic<bool> is_over = false;
        std::array<std::atomic<int>, speakers> said{};
        std::vector<std::thread> talk;
        for (int i = 0; i < speakers; ++i)
            talk.emplace_back([&, i, &own = *clients[static_cast<std::size_t>(i)]] {
                while (!is_over) {
                    own.say(text("line ", said.at(static_cast<std::size_t>(i))++));
                    std::this_thread::sleep_for(std::chrono::milliseconds{2}); // for others to have a turn
                }
            });
        std::thread newcomers{[&] {
            for (int one = 0; !is_over; ++one) ChatClient{daemon, text("new", one)};
        }};
        upgrade(daemon);
        ChatClient last{daemon, "last"};
        is_over = true;
        for (std::thread& one : talk) one.join();
        newcomers.join();
        std::array<int, speakers> next{};
        const auto is_missing = [&](std::size_t i) { return next.at(i) < said.at(i); };
        while (is_missing(0) || is_missing(1) || is_missing(2)) {
            const std::string line = listener.read_line();
            if (line.find(" say: line ") == line.npos) continue;
            const auto speaker = static_cast<std::size_t>(line.at(1) - '0');
            REQUIRE_EQ(line, text('c', speaker, " say: line ", next.at(speaker)++));
        }
    }

    TEST_CASE("who is in a room or came in at a listener that a new configuration lacks leaves in order") {
        const Config config{"listen 127.0.0.1:0\nlisten 127.0.0.1:0\nroom lobby\nroom plans code s3cret\n"};
        const Daemon daemon{config.setting(2)};
        ChatClient ada{daemon, "ada"}, carl{daemon, "carl"}, bob{daemon, "bob", "s3cret"};
        ada.say("/join plans s3cret");
        bob.wait_for_line("ada joined");
        Connection eve{daemon.addresses().at(1).port()};
        eve.send("eve\n\n");
        carl.wait_for_line("eve joined");
        bob.say("read this before we close");
        config.write("listen 127.0.0.1:0\nroom lobby\nroom attic\n");
        upgrade(daemon);
        bob.wait_for_line("The room that you were in is closed: goodbye.");
        bob.wait_for_end();
        ada.wait_for_text("bob say: read this before we close");
        ada.wait_for_line("plans is closed: you are not in it any more.");
        ada.wait_for_line("You now speak in lobby.");
        while (eve.read_line() != "The server no longer listens where you came in: goodbye.") {
        }
        eve.wait_for_end();
        carl.wait_for_line("eve left");
        check_they_talk(ada, carl, "ada carl");
        ada.say("/join plans s3cret");
        ada.wait_for_line("No room has that code.");
        ChatClient zoe{daemon, "zoe", "attic"};
        CHECK(chatctl(daemon, {"rooms"}).find("plans") == std::string::npos);
        daemon.wait_for_log("room plans is no longer in the configuration: members 2 leave it");
        daemon.wait_for_log("room plans closes: nobody is in it");
        upgrade(daemon);
        check_they_talk(ada, carl, "ada carl");
    }

    TEST_CASE("a hub that dies before it hears that its version stays is followed by one that evicts") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        if (const std::string why = faults::why_no_strace(); !why.empty()) return tests::skip(why);
        const Config config{"listen 127.0.0.1:0\nlisten 127.0.0.1:0\nroom lobby\nroom plans code s3cret\n"};
        const ProgramPlace place{"chatd"};
        Daemon::Setting setting = config.setting(2);
        setting.program = place.path();
        setting.children_fail = true;
        const Daemon daemon{setting};
        ChatClient ada{daemon, "ada"}, carl{daemon, "carl"}, bob{daemon, "bob", "s3cret"};
        Connection eve{daemon.addresses().at(1).port()};
        eve.send("eve\n\n");
        carl.wait_for_line("eve joined");
        const pid_t spawner = spawner_of(daemon), handler = handler_of(daemon, ada);
        config.write("listen 127.0.0.1:0\nroom lobby\n");
        place.put_other_version();
        Process asking = begin_upgrade(daemon, place);
        kill_trial_before_it_stays(daemon, place);
        bob.wait_for_line("The room that you were in is closed: goodbye.");
        bob.wait_for_end();
        while (eve.read_line() != "The server no longer listens where you came in: goodbye.") {
        }
        eve.wait_for_end();
        CHECK(asking.wait() == 0);
        INFO(asking.err().text());
        wait_until_gone({spawner}); // the next hub has told it to let go of its handlers
        CHECK(handler_of(daemon, ada) == handler);
        check_they_talk(ada, carl, "ada carl");
        ChatClient zoe{daemon, "zoe"};
        const std::string log = daemon.log();
        const std::string evicted = "room plans is no longer in the configuration: members 1 leave it";
        CHECK(log.find(evicted) > log.find("; starting another"));
        CHECK(log.find(evicted) == log.rfind(evicted));
        CHECK(log.find("going on after a hub", log.find("; starting another")) < log.find(evicted));
    }

    TEST_CASE("what people and operators did is so after an upgrade and half a line is a whole one") {
        const Config config{"listen 127.0.0.1:0\nroom lobby\ncreate-rooms on\nflood off\n"};
        const Daemon daemon{config.setting()};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, eve{daemon, "eve"}, mal{daemon, "mal"};
        chatctl(daemon, {"mute", "-r", "lobby", "eve"});
        bob.say("/ignore mal");
        bob.wait_for_text("mal");
        ada.say("/topic wine");
        bob.wait_for_text("wine");
        ada.say("/join den");
        ada.wait_for_text("den");
        ada.say("/switch lobby");
        ada.send("half a li");
        const std::string token = ada.token();
        upgrade(daemon);
        ada.send("ne\n");
        bob.wait_for_line("ada say: half a line");
        eve.say("not heard");
        eve.wait_for_text("muted");
        mal.say("not shown");
        ada.wait_for_line("mal say: not shown");
        ada.say("last");
        bob.wait_for_line("ada say: last"); // and nothing of mal
        ada.say("/join den");
        ada.close();
        bob.wait_for_line("ada left");
        ChatClient back{daemon};
        back.send(text("/resume ", token, '\n'));
        back.wait_for_text("Welcome back, ada");
        bob.wait_for_line("ada joined");
        CHECK(chatctl(daemon, {"rooms"}).find("den") == std::string::npos); // with its last member
    }

    TEST_CASE("after an upgrade the end of a handler of before is heard of at once") {
        if (!have_proc() || is_posix_build()) return tests::skip("only a build for Linux is told of it");
        const Config config{"listen 127.0.0.1:0\nroom lobby\nmax-clients 2\nwhen-full refuse\n"};
        const Daemon daemon{config.setting()};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        const pid_t handler = handler_of(daemon, bob);
        upgrade(daemon);
        ChatClient refused{daemon};
        refused.wait_for_text("Too many clients");
        const auto before = std::chrono::steady_clock::now();
        ::kill(handler, SIGKILL);
        daemon.wait_for_log("a handler ended: signal 9");
        ada.wait_for_line("bob left");
        ChatClient carl{daemon, "carl"};
        CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{8});
        check_they_talk(ada, carl, "ada carl");
    }

    TEST_CASE(
        "a handler of before an upgrade that hangs is killed when it is late and the daemon leaves none") {
        if (!have_proc() || is_posix_build()) return tests::skip("only a build for Linux inherits it");
        const Config config{"listen 127.0.0.1:0\nroom lobby\n"};
        Daemon daemon{config.setting()};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, carl{daemon, "carl"};
        const pid_t late = handler_of(daemon, ada), last = handler_of(daemon, bob);
        if (is_root()) config.write("listen 127.0.0.1:0\nroom lobby\nrun-as bin\n"); // theirs is another user
        upgrade(daemon);
        for (const pid_t handler : {late, last}) ::kill(handler, SIGSTOP);
        chatctl(daemon, {"kick", "ada"});
        daemon.wait_for_log(text("handler ", late, " is killed: it did not end within 10 s\n"));
        wait_until("it is gone", [&] { return !is_alive(late); });
        carl.wait_for_line("ada left");
        CHECK(is_alive(last));
        daemon.stop();
        CHECK_FALSE(is_alive(last));
        CHECK(daemon.log().find(text("handler ", last, " is killed")) != std::string::npos);
    }

    TEST_CASE(
        "users and hashes and the language and a smaller and a larger max-clients come with an upgrade") {
        const Config config{"listen 127.0.0.1:0\nroom lobby\nmax-clients 3\n"};
        const Daemon daemon{config.setting()};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        write_file(config.in_folder("users"), text("zoe:", hash_of("sesame"), ":-:-\n"));
        std::filesystem::permissions(config.in_folder("users"), std::filesystem::perms::owner_all);
        config.write(text("listen 127.0.0.1:0\nroom lobby\nmax-clients 1\nlang zh\nusers ",
                          config.in_folder("users"), '\n'));
        upgrade(daemon);
        check_they_talk(ada, bob, "ada bob");
        config.write(
            text("listen 127.0.0.1:0\nroom lobby\nmax-clients 40\nusers ", config.in_folder("users"), '\n'));
        upgrade(daemon);
        ChatClient zoe{daemon};
        zoe.wait_for_text("Your name: ");
        zoe.send("zoe\nwrong\nsesame\n\n");
        ada.wait_for_line("zoe joined");
        config.write("listen 127.0.0.1:0\nroom lobby\n");
        upgrade(daemon);
        check_they_talk(ada, bob, "ada bob");
        check_they_talk(zoe, bob, "zoe bob");
        for (int more = 0; more < 10; ++more) ChatClient{daemon, text("c", more)};
    }
}
