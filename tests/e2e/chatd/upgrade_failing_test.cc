// SPDX-License-Identifier: ISC
// An upgrade of chatd to a program that is worth nothing, or in which somebody dies: the old version goes on,
// whoever has asked is told why, and people notice nothing.
#include "tests/e2e/chat_upgrade.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/fd.hh"
#include "common/text.hh"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace e2e;
using common::text;

TEST_SUITE("e2e readiness") {
    TEST_CASE("a new program that fails changes nothing and says why") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        UpgradedServer server{[](const ProgramPlace& place) {
            Daemon::Setting setting = chatd_in(place, {"room lobby", "history-on-join 0"});
            setting.children_fail = true;
            return setting;
        }};
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        const pid_t spawner = spawner_of(daemon);
        struct Failing {
            std::string what;
            std::function<void()> put;
            std::string reason; // a part of it
        };
        const ProgramPlace& place = server.place;
        std::vector<Failing> all{
            {"it does not like the configuration",
             [&] { place.put_refusing("room lobby: no such thing in the winter"); },
             "no such thing in the winter\n"},
            {"it cannot be executed", [&] { place.put_not_executable(); }, "ermission denied"},
            {"it is no program",
             [&] {
                 place.put_bytes("\x7f"
                                 "ELF and no more");
             },
             ""},
            {"it is not there", [&] { std::filesystem::remove(place.path()); }, "o such file"},
            {"it is another program", [&] { place.put_bytes(read_file("/bin/true")); }, "is not chatd"},
            {"it would hold up who opens it",
             [&] {
                 std::filesystem::remove(place.path());
                 REQUIRE_EQ(::mkfifo(place.path().c_str(), 0755), 0);
             },
             "is not a program"},
            {"it dies", [&] { place.put_script("kill -SEGV $$"); }, "signal 11"},
            {"it ends", [&] { place.put_script("exit 3"); }, "3"},
            {"it ends as if all were done", [&] { place.put_script("exit 0"); }, ""},
            {"the configuration has become wrong",
             [&] {
                 place.put_same();
                 write_file(daemon.folder() / "daemon.conf", "no-such-directive\n");
             },
             "no-such-directive"},
            {"the state would be elsewhere",
             [&] {
                 daemon.configure({"room lobby", text("state ", (daemon.folder() / "other").native())});
             },
             "state"}};
        if (is_root())
            all.push_back({"another user would serve",
                           [&] {
                               daemon.configure({"room lobby", "hub-user bin"});
                           },
                           "user"});
        for (const Failing& failing : all) {
            CAPTURE(failing.what);
            failing.put();
            const Result result = server.upgrade();
            CAPTURE(result.out);
            CAPTURE(result.err);
            CHECK_EQ(result.status, 1);
            CHECK(result.err.starts_with("chatctl: "));
            CHECK(result.err.find(failing.reason) != std::string::npos);
            CHECK_FALSE(server.runs_new(daemon.pid()));
            wait_until("the old version serves", [&] { return is_alive(daemon.main_pid()); });
            CHECK_FALSE(server.runs_new(daemon.main_pid()));
            if (failing.what == "it dies") CHECK_EQ(spawner_of(daemon), spawner);
            check_they_talk(ada, bob, failing.what);
            // What stands at the path by now is none of ours.
            if (failing.what == "it dies") {
                ::kill(spawner, SIGKILL);
                const ChatClient newcomer{daemon, "newcomer"};
                ada.wait_for_line("newcomer joined");
            }
        }
        daemon.configure({"room lobby", "history-on-join 0", "flood off"});
        place.put_other_version();
        const Result result = server.upgrade();
        INFO(result.err);
        CHECK_EQ(result.status, 0);
        CHECK(server.runs_new(daemon.pid()));
        check_they_talk(ada, bob, "after all");
        const ChatClient late{daemon, "late"};
        ada.wait_for_line("late joined");
    }

    TEST_CASE("a new hub that is killed on trial leaves the old version and later another of its own") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const UpgradedServer server;
        const Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        Talk talk{daemon};
        server.place.put_other_version();
        Process first = begin_upgrade(daemon, server.place);
        const std::size_t before = daemon.log().size();
        ::kill(wait_for_trial(daemon, server.place), SIGKILL);
        CHECK_EQ(first.wait(), 1);
        INFO(first.err().text());
        CHECK(first.err().text().find("signal 9") != std::string::npos);
        daemon.wait_for_log("]: listening on ", daemon.wait_for_log("signal 9", before));
        wait_until("another serves", [&] { return is_alive(daemon.main_pid()); });
        CHECK_FALSE(server.runs_new(daemon.main_pid()));
        CHECK_FALSE(server.runs_new(daemon.pid()));
        check_they_talk(ada, bob, "with the old one");

        const Result second = server.upgrade();
        INFO(second.err);
        CHECK_EQ(second.status, 0);
        CHECK(server.runs_new(daemon.pid()));
        check_they_talk(ada, bob, "with the new one");
        const pid_t hub = daemon.main_pid(), spawner = spawner_of(daemon);
        CHECK(server.runs_new(hub));
        for (const pid_t dies : {hub, spawner}) ::kill(dies, SIGKILL);
        wait_until("another hub serves",
                   [&] { return daemon.main_pid() != hub && is_alive(daemon.main_pid()); });
        CHECK(server.runs_new(daemon.main_pid()));
        check_they_talk(ada, bob, "with the next one");
        const ChatClient late{daemon, "late"};
        CHECK(server.runs_new(spawner_of(daemon)));
        talk.finish();
    }

    TEST_CASE("a new hub that falls silent on trial does not stay") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const UpgradedServer server;
        const Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        server.place.put_other_version();
        Process asking = begin_upgrade(daemon, server.place);
        asking.out().wait_for("and stays if it lives");
        ::kill(wait_for_trial(daemon, server.place), SIGSTOP);
        daemon.wait_for_log("it gave no sign of life");
        CHECK_EQ(asking.wait(), 1);
        CHECK(asking.err().text().find("signal 9") != std::string::npos);
        check_they_talk(ada, bob, "with the old one");
        // The next one is on no trial, and what the first has left for that is gone: its end of the pair with
        // the spawner, which the keeper has, too.
        wait_until("the keeper has each socket once", [&] {
            std::map<std::string, int> times;
            for (const auto& entry : descriptors_of(daemon.pid()))
                if (entry.second.starts_with("socket:")) ++times[entry.second];
            return std::ranges::all_of(times, [](const auto& entry) { return entry.second == 1; });
        });
        CHECK_FALSE(server.runs_new(daemon.pid()));
        CHECK_FALSE(server.runs_new(daemon.main_pid()));
    }

    TEST_CASE("a program that is removed or another while it is on trial goes on and lets people in") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const bool is_removed : {true, false}) {
            CAPTURE(is_removed);
            const UpgradedServer server;
            const Daemon& daemon = server.daemon;
            ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
            server.place.put_other_version();
            Process asking = begin_upgrade(daemon, server.place);
            asking.out().wait_for("and stays if it lives");
            if (is_removed)
                std::filesystem::remove(server.place.path());
            else
                server.place.put_script("exit 3");
            CHECK_EQ(asking.wait(), 0);
            INFO(asking.err().text());
            check_they_talk(ada, bob, "with the new one");
            const ChatClient late{daemon, "late"};
            ada.wait_for_line("late joined");
        }
    }

    TEST_CASE("a spawner that hangs is killed when an upgrade has brought another") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const UpgradedServer server;
        const Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        const pid_t spawner = spawner_of(daemon);
        ::kill(spawner, SIGSTOP);
        server.place.put_other_version();
        CHECK_EQ(server.upgrade().status, 0);
        wait_until_gone({spawner});
        check_they_talk(ada, bob, "with the next one");
        const ChatClient late{daemon, "late"};
        ada.wait_for_line("late joined");
    }

    TEST_CASE("a pid-file that became another's while a program is on trial costs nobody a place") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const Path pid_file = folder / "chatd.pid";
        const UpgradedServer server{
            {"room lobby", "history-on-join 0", text("pid-file ", pid_file.native())}};
        const Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        server.place.put_other_version();
        Process upgrade = begin_upgrade(daemon, server.place);
        daemon.wait_for_log(" serves, and stays if it lives");
        write_file(pid_file, "what somebody wants to keep\n");
        CHECK_EQ(upgrade.wait(), 0);
        daemon.wait_for_log("contains no process number");
        check_they_talk(ada, bob, "upgraded");
        CHECK_EQ(read_file(pid_file), "what somebody wants to keep\n");
    }

    TEST_CASE("a new program that somebody has not done writing is waited for but not for long") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        UpgradedServer server;
        Daemon& daemon = server.daemon;
        server.place.put_same();
        common::Fd writer{::open(server.place.path().c_str(), O_WRONLY | O_CLOEXEC)};
        REQUIRE(writer);
        const Result late = upgrade(daemon, server.place);
        CHECK(late.status == 1);
        CHECK(late.err.find("Text file busy") != std::string::npos);

        const auto before = below(daemon.pid());
        Process asking = begin_upgrade(daemon, server.place);
        wait_until("it is asked", [&] { return below(daemon.pid()).size() > before.size(); });
        writer.reset();
        CHECK(asking.wait() == 0);
        CHECK(runs(daemon.pid(), server.place.path()));
    }

    TEST_CASE("TERM while the new program is asked ends all at once and nothing of that program stays") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        UpgradedServer server;
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        const auto stuck = [&] {
            std::vector<pid_t> found;
            for (const ProcessStatus& process : below(daemon.pid()))
                if (process.name == "sleep") found.push_back(process.pid);
            return found;
        };
        server.place.put_bytes("#!/bin/sh\nexec sleep 1000\n");
        Process upgrade = begin_upgrade(daemon, server.place);
        wait_until("it is asked and says nothing", [&] { return !stuck().empty(); });
        const std::vector<pid_t> asked = stuck();
        check_they_talk(ada, bob, "meanwhile");
        const ChatClient late{daemon, "late"};
        daemon.signal(SIGTERM);
        CHECK_EQ(daemon.wait(Seconds{10}), 0);
        ada.wait_for_line("The server is stopping: come back later.");
        wait_until_gone(asked);
        upgrade.wait();
    }

    TEST_CASE("a keeper that is killed in an upgrade ends all and a start right after works") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const Words lines{text("state ", (folder / "state").native()), "room lobby"};
        const ProgramPlace place{"chatd"};
        {
            Daemon daemon{chatd_in(place, lines)};
            ChatClient ada{daemon, "ada"};
            ada.say("kept");
            place.put_other_version();
            Process upgrade{{"chatctl", "-s", folder / "state" / "control", "upgrade"}};
            const pid_t trial = wait_for_trial(daemon, place);
            const std::vector<pid_t> all{trial, spawner_of(daemon), handler_of(daemon, ada)};
            daemon.signal(SIGKILL);
            ada.wait_for_line("The server is stopping: come back later.");
            ada.wait_for_end();
            CHECK_NE(upgrade.wait(), 0);
            wait_until_gone(all);
            daemon.wait();
        }
        const Daemon next{chatd_in(place, lines)};
        CHECK(runs(next.main_pid(), place.path()));
        ChatClient bob{next, "bob"};
        const std::string said =
            run_client({"chatctl", "-s", folder / "state" / "control", "history", "lobby"}).out;
        CHECK(said.find("ada say: kept") != std::string::npos);
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("an authd that hangs when an upgrade brings another does not outlive the daemon") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        UpgradedServer server{
            {"room lobby", "history-on-join 0", text("users ", write_users(folder).native())}};
        const pid_t authd = authd_of(server.daemon);
        ::kill(authd, SIGSTOP);
        CHECK_EQ(server.upgrade().status, 0);
        CHECK_EQ(server.upgrade().status, 0); // over two of them
        CHECK(is_alive(authd));
        server.daemon.signal(SIGTERM);
        CHECK_EQ(server.daemon.wait(Seconds{100}), 0);
        CHECK_FALSE(is_alive(authd));
    }

    TEST_CASE("a new program that hangs changes nothing but a pause") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const UpgradedServer server;
        const Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        for (const bool is_main : {false, true}) {
            CAPTURE(is_main);
            if (is_main)
                server.place.put_script("exec sleep 1000");
            else
                server.place.put_bytes("#!/bin/sh\nexec sleep 1000\n");
            const Result result = server.upgrade();
            CAPTURE(result.err);
            CHECK_EQ(result.status, 1);
            CHECK(result.err.starts_with("chatctl: "));
            check_they_talk(ada, bob, is_main ? "main" : "asked");
            const std::vector<ProcessStatus> all = below(daemon.pid());
            CHECK(std::ranges::none_of(all, [](const ProcessStatus& one) { return one.name == "sleep"; }));
            CHECK_FALSE(server.runs_new(daemon.pid()));
        }
        server.place.put_other_version();
        CHECK_EQ(server.upgrade().status, 0);
        check_they_talk(ada, bob, "upgraded");
    }
}
