// SPDX-License-Identifier: ISC
// The hub dies, and nobody is disconnected: the next one knows everybody and everything that it had told
// them, and each line stands in the log, and is shown, once.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace e2e;
using common::text;

namespace {

// The hub is killed, and another has gone on.
class Deaths {
public:
    explicit Deaths(const Daemon& daemon) : daemon_(daemon) {}
    void kill_hub(int signal = SIGKILL) {
        // The keeper gives up after five that have not lived for a second.
        if (++deaths_ % 4 == 0)
            wait_until("the hub has lived for a while", [&] {
                return std::chrono::steady_clock::now() > born_ + std::chrono::milliseconds{1200};
            });
        ::kill(daemon_.main_pid(), signal);
        seen_ = daemon_.wait_for_log("going on after a hub", seen_);
        seen_ = daemon_.wait_for_log("]: listening on ", seen_); // which tells of main_pid()
        born_ = std::chrono::steady_clock::now();
    }

private:
    const Daemon& daemon_;
    std::size_t seen_ = 0;
    int deaths_ = 0;
    std::chrono::steady_clock::time_point born_;
};

std::string history_of(const Daemon& daemon, const std::string& room) {
    return chatctl(daemon, {"history", room, "-n", "100000"});
}

std::size_t count_in(const std::string& whole, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = whole.find(part); at != whole.npos; at = whole.find(part, at + part.size()))
        ++found;
    return found;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("whoever is connected when the hub is killed goes on talking") {
        const Daemon daemon{chatd_with({"room lobby", "room plans code s3cret"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, eve{daemon, "eve", "s3cret"};
        ada.expect_line("bob joined");
        ada.say("before");
        bob.expect_line("ada say: before");
        Deaths deaths{daemon};
        for (const int signal : {SIGKILL, is_sanitized() ? SIGKILL : SIGSEGV, SIGKILL}) {
            deaths.kill_hub(signal);
            ada.say(text("after ", signal));
            bob.expect_line(text("ada say: after ", signal));
            bob.say("still here");
            ada.expect_line("bob say: still here");
            eve.say("/who");
            eve.wait_for_line("eve");
        }
        ChatClient carl{daemon, "carl"};
        ada.expect_line("carl joined");
        carl.say("hello");
        ada.expect_line("carl say: hello");
        bob.expect_lines({"carl joined", "carl say: hello"});
        carl.close();
        ada.expect_line("carl left");
        ChatClient taken{daemon};
        taken.wait_for_text("Your name: ");
        taken.send("ada\n");
        taken.wait_for_text("Your name: "); // it is taken
    }

    TEST_CASE("what is said while the hub is killed is said once and in its order") {
        const Daemon daemon{chatd_with({"room lobby", "history-on-join 0"})};
        constexpr int speakers = 4, lines = 400;
        std::vector<std::unique_ptr<ChatClient>> clients;
        for (int i = 0; i < speakers; ++i)
            clients.push_back(std::make_unique<ChatClient>(daemon, text("c", i)));
        ChatClient listener{daemon, "listener"};
        Deaths deaths{daemon};
        std::vector<std::thread> talk;
        talk.reserve(speakers);
        for (const auto& client : clients)
            talk.emplace_back([&own = *client] {
                for (int line = 0; line < lines; ++line) own.say(text("line ", line));
            });
        for (int kill = 0; kill < 10; ++kill) deaths.kill_hub();
        for (std::thread& one : talk) one.join();
        std::vector<int> next(speakers, 0);
        while (std::ranges::any_of(next, [](int n) { return n < lines; })) {
            const std::string line = listener.read_line();
            if (line.find(" say: line ") == line.npos) continue;
            const auto speaker = static_cast<std::size_t>(line.at(1) - '0');
            CHECK_EQ(line, text('c', speaker, " say: line ", next.at(speaker)));
            ++next.at(speaker);
        }
        const std::string history = history_of(daemon, "lobby");
        CHECK_EQ(count_in(history, " say: line "), speakers * lines);
        for (int line = 0; line < lines; line += 37)
            CHECK_EQ(count_in(history, text("c0 say: line ", line, '\n')), 1);
        for (const auto& client : clients) // each has heard the others
            for (int heard = 0; heard < (speakers - 1) * lines;)
                heard += client->read_line().find(" say: line ") != std::string::npos ? 1 : 0;
    }

    TEST_CASE("what people were told before the hub was killed is true after it") {
        const Daemon daemon{chatd_with({"room lobby", "create-rooms on"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        Deaths deaths{daemon};
        ada.say("/topic wine");
        bob.wait_for_text("wine");
        ada.say("/join secret sesame");
        ada.wait_for_text("secret");
        ada.say("in the secret room");
        bob.say("/nick ben");
        bob.wait_for_text("ben");
        bob.say("/away lunch");
        bob.say("/who");
        bob.wait_for_text("lunch");
        deaths.kill_hub();
        bob.say("/topic");
        bob.wait_for_text("wine");
        bob.say("/who");
        bob.wait_for_text("lunch");
        bob.say("/join secret sesame");
        ada.wait_for_text("ben joined");
        bob.say("found it");
        ada.wait_for_text("found it");
        deaths.kill_hub();
        ada.say("/kick ben"); // she has made the room
        bob.wait_for_end();
    }

    TEST_CASE("whoever is kicked is told it when the keeper knows also by a hub that follows") {
        for (const bool is_killed : {false, true}) {
            CAPTURE(is_killed);
            const Daemon daemon{chatd_with({"room lobby"})};
            ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, carl{daemon, "carl"};
            bob.expect_line("carl joined");
            const pid_t hub = daemon.main_pid();
            ::kill(daemon.pid(), SIGSTOP); // the keeper takes nothing
            std::thread talk{[&ada] {
                for (int change = 0; change < 1000; ++change) ada.say(text("/away ", change));
            }};
            ada.wait_for_line("The server takes a moment: what you type waits."); // its pair is full
            talk.join();
            Process kick{{"chatctl", "-s", daemon.state() / "control", "kick", "bob"}};
            carl.expect_lines({"administrator kicked bob", "bob left"});
            CHECK_FALSE(bob.has_input());
            if (is_killed) ::kill(hub, SIGKILL);
            ::kill(daemon.pid(), SIGCONT);
            bob.wait_for_line("An operator has ended your connection.");
            bob.wait_for_end();
            CHECK_EQ(kick.wait(), is_killed ? 1 : 0); // it is answered when that is sure
            const std::string history = history_of(daemon, "lobby");
            CHECK_EQ(count_in(history, "administrator kicked bob"), 1);
            CHECK_EQ(count_in(history, "bob left"), 1);
            ChatClient again{daemon};
            again.say("/resume " + bob.token());
            again.wait_for_text("That token is no longer valid");
        }
    }

    TEST_CASE("whoever leaves while there is no hub has left once") {
        const Daemon daemon{chatd_with({"room lobby"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, carl{daemon, "carl"};
        ada.expect_lines({"bob joined", "carl joined"});
        const pid_t hub = daemon.main_pid();
        ::kill(daemon.pid(), SIGSTOP); // the keeper starts nobody
        ::kill(hub, SIGKILL);
        bob.close();
        carl.send("last words\n/quit\n");
        ::kill(daemon.pid(), SIGCONT);
        daemon.wait_for_log("going on after a hub");
        ada.wait_for_line("carl left");
        const std::string history = history_of(daemon, "lobby");
        CHECK_EQ(count_in(history, "bob left"), 1);
        CHECK_EQ(count_in(history, "carl left"), 1);
        CHECK_EQ(count_in(history, "carl say: last words"), 1);
    }

    TEST_CASE("newcomers wait while there is no hub and are let in") {
        const Daemon daemon{chatd_with({"room lobby"})};
        ChatClient ada{daemon, "ada"};
        const pid_t hub = daemon.main_pid();
        ::kill(daemon.pid(), SIGSTOP);
        ::kill(hub, SIGKILL);
        ChatClient bob{daemon};
        ada.say("said to nobody yet");
        ::kill(daemon.pid(), SIGCONT);
        bob.enter("bob");
        ada.expect_line("bob joined");
        bob.say("here");
        ada.expect_line("bob say: here");
        CHECK_EQ(count_in(history_of(daemon, "lobby"), "said to nobody yet"), 1);
    }

    TEST_CASE("hub and spawner are killed together and everybody who is there stays") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with({"room lobby"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        Deaths deaths{daemon};
        ::kill(spawner_of(daemon), SIGKILL);
        deaths.kill_hub();
        ada.say("still here");
        bob.expect_line("ada say: still here");
        ChatClient carl{daemon, "carl"};
        ada.expect_line("carl joined");
        bob.close();
        ada.expect_line("bob left");
        ChatClient next{daemon, "bob"};
        ada.expect_line("bob joined");
    }

    TEST_CASE("a stop after the hub was killed ends everybody in order and leaves nothing behind") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Daemon daemon{chatd_with({"room lobby"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        Deaths{daemon}.kill_hub();
        const std::vector pids{handler_of(daemon, ada), handler_of(daemon, bob), spawner_of(daemon)};
        daemon.stop();
        ada.wait_for_line("The server is stopping: come back later.");
        bob.wait_for_line("The server is stopping: come back later.");
        wait_until_gone(pids);
    }
}
