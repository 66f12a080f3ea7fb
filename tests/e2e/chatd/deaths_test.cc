// SPDX-License-Identifier: ISC
// What a death costs in chatd: a handler's its one client, the spawner's nobody, the hub's all that it
// served and no line.
#include "tests/e2e/chat_client.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <signal.h>

using namespace e2e;
using common::text;

namespace {

void wait_until_gone(const std::vector<pid_t>& pids) {
    wait_until("all of them are gone", [&] { return std::ranges::none_of(pids, is_alive); });
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a handler that is killed costs its one client and the room is told") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with({"history-on-join 0"})};
        std::size_t logged = 0;
        // The sanitizers turn SIGSEGV into an end of their own.
        for (const int signal : {SIGKILL, is_sanitized() ? SIGKILL : SIGSEGV}) {
            ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
            ada.expect_line("bob joined");
            const pid_t handler = handler_of(daemon, bob), spawner = spawner_of(daemon);
            ::kill(handler, signal);
            ada.expect_line("bob left");
            bob.wait_for_end();
            logged = daemon.wait_for_log(text("a handler ended: signal ", signal), logged);
            wait_until("no zombie is left", [&] { return children_of(spawner).size() == 1; });
            ChatClient next{daemon, "bob"}; // the name is free
            ada.expect_line("bob joined");
            next.say("here again");
            ada.expect_line("bob say: here again");
            ada.send("/quit\n");
            ada.wait_for_end();
            daemon.wait_for_log(text("end ", ada.local().shown(), ' '));
            next.wait_for_line("ada left");
            next.send("/quit\n");
            next.wait_for_end();
            daemon.wait_for_log(text("end ", next.local().shown(), ' '));
        }
        CHECK(chatctl(daemon, {"stats"}).find("crashed 2\n") != std::string::npos);
    }

    TEST_CASE("a handler that is killed before its client had a name costs nothing") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with({"max-clients 2"})};
        ChatClient ada{daemon, "ada"};
        for (int i = 0; i < 3; ++i) {
            ChatClient nobody{daemon};
            ::kill(handler_of(daemon, nobody), SIGKILL);
            nobody.wait_for_end();
        }
        ChatClient bob{daemon, "bob"};
        ada.expect_line("bob joined");
    }

    TEST_CASE("a killed spawner costs nobody who is there and newcomers get in soon") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with({"room lobby", "room plans code s3cret"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, eve{daemon, "eve", "s3cret"};
        ada.expect_line("bob joined");
        const pid_t first = spawner_of(daemon);
        for (int round = 0; round < 2; ++round) {
            const pid_t spawner = spawner_of(daemon);
            ::kill(spawner, SIGKILL);
            ada.say("still here");
            bob.expect_line("ada say: still here");
            ChatClient carl{daemon, "carl"}; // waits in the backlog for a while
            ada.expect_line("carl joined");
            bob.expect_line("carl joined");
            carl.say("hello");
            ada.expect_line("carl say: hello");
            bob.expect_line("carl say: hello");
            CHECK(spawner_of(daemon) != spawner);
            carl.close();
            ada.expect_line("carl left");
            bob.expect_line("carl left");
        }
        CHECK(spawner_of(daemon) != first);
        eve.say("/who");
        eve.expect_line("eve");
        bob.close(); // an orphan's end is seen by its pair
        ada.expect_line("bob left");
        ChatClient next{daemon, "bob"};
        ada.expect_line("bob joined");
        daemon.wait_for_log("signal 9 (Killed); starting another");
    }

    TEST_CASE("an orderly stop after the death of a spawner leaves no process behind") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        const std::vector pids{handler_of(daemon, ada), spawner_of(daemon)};
        ::kill(pids[1], SIGKILL);
        ChatClient bob{daemon, "bob"};
        daemon.stop();
        ada.wait_for_line("The server is stopping: come back later.");
        bob.wait_for_line("The server is stopping: come back later.");
        wait_until_gone(pids);
    }

    TEST_CASE("no process outlives a hub that is killed and the next start has the room's lines") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir place;
        const Path state = place.make_shared("home") / "state";
        const Words lines{"state " + state.native(), "room lobby", "room plans code s3cret"};
        std::optional<Daemon> daemon{std::in_place, chatd_with(lines)};
        ChatClient ada{*daemon, "ada"}, bob{*daemon, "bob"}, eve{*daemon, "eve", "s3cret"}, nobody{*daemon};
        ada.say("before");
        bob.expect_line("ada say: before");
        std::vector pids{spawner_of(*daemon)};
        for (const ChatClient* const client : {&ada, &bob, &eve, &nobody})
            pids.push_back(handler_of(*daemon, *client));
        daemon->kill();
        wait_until_gone(pids);
        for (ChatClient* const client : {&ada, &bob, &eve}) client->wait_for_line("The server has ended.");
        for (ChatClient* const client : {&ada, &bob, &eve, &nobody}) client->wait_for_end();

        daemon.emplace(chatd_with(lines));
        ChatClient again{*daemon, "ada"};
        again.expect_earlier("ada say: before");
        const std::string history = run_client({"chatctl", "-s", state / "control", "history", "lobby"}).out;
        CHECK(history.find("ada say: before\n") != std::string::npos);
        CHECK(history.ends_with(" 4 ada joined\n"));
    }

    TEST_CASE("a stopped handler holds up neither its room nor the daemon's end") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, carl{daemon, "carl"};
        const pid_t handler = handler_of(daemon, bob);
        ::kill(handler, SIGSTOP);
        for (int line = 0; line < 1000; ++line) ada.say(text(line)); // more wakes than a pair takes
        for (int line = 0; line < 1000; ++line) carl.wait_for_line(text("ada say: ", line));
        chatctl(daemon, {"kick", "bob"});
        carl.expect_lines({"administrator kicked bob", "bob left"});
        daemon.stop();
        ::kill(handler, SIGCONT);
        wait_until_gone({handler});
    }
}
