// SPDX-License-Identifier: ISC
// Another chatd takes the place of this one, and nobody is disconnected: all but the clients' own processes
// run the new program then, and its configuration is in force.
#include "tests/e2e/chat_upgrade.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

int count_in(const std::string& whole, std::string_view part) {
    int found = 0;
    for (std::size_t at = 0; (at = whole.find(part, at)) != whole.npos; at += part.size()) ++found;
    return found;
}

// What the keeper and the hub hold.
std::pair<Words, Words> held(const Daemon& daemon) {
    return {kinds_of(daemon.pid()), kinds_of(daemon.main_pid())};
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("an upgrade puts another version in the place of all but the clients' own processes") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const std::string place_of_socket = folder / "chat.sock";
        UpgradedServer server{[&](const ProgramPlace& place) {
            Daemon::Setting setting = chatd_in(
                place, {"room lobby", "history-on-join 0", text("users ", write_users(folder).native()),
                        "listen 127.0.0.1:0", text("listen unix:", place_of_socket)});
            setting.listeners = 2;
            return setting;
        }};
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        Pty carl{{"chat", text("carl@", place_of_socket), ""}, {"LC_ALL=C", "TERM="}};
        carl.wait_for("You are in lobby.");
        carl.wait_for("> ");
        Pty dora{{"telnet", "127.0.0.1", std::to_string(daemon.port())}, {"TERM=xterm", "LC_ALL=C"}};
        dora.wait_for("Your name: ");
        dora.type("dora\r");
        dora.wait_for("Room code: ");
        dora.type("\r");
        dora.wait_for("You are in lobby.");
        Process pipe{{"chat", text("pipe@", place_of_socket), "lobby"}};
        pipe.write("first from the pipe\n");
        ada.wait_for_text("first from the pipe\n");
        ChatClient zoe{daemon}; // in the midst of entering
        zoe.wait_for_text("Your name: ");
        const pid_t hub = daemon.main_pid(), spawner = spawner_of(daemon), authd = authd_of(daemon);
        const pid_t handler = handler_of(daemon, ada);
        const std::size_t clients = carl.screen().size();
        Talk talk{daemon};
        bob.send("half a ");
        carl.type("half of carl");
        dora.type("half of dora");

        server.place.put_other_version();
        Process upgrade = begin_upgrade(daemon, server.place);
        const pid_t trial = wait_for_trial(daemon, server.place);
        CHECK_FALSE(server.runs_new(daemon.pid())); // not before it has shown what it can
        bob.send("line of bob's\n");
        ada.wait_for_text("bob say: half a line of bob's\n");
        ChatClient newcomer{daemon, "newcomer"};
        check_they_talk(newcomer, ada, "on trial");
        CHECK_EQ(upgrade.wait(), 0);
        INFO(upgrade.out().text());
        CHECK(has_both_versions(upgrade.out().text()));
        CHECK_EQ(upgrade.err().text(), "");

        CHECK(server.runs_new(daemon.pid()));
        CHECK_EQ(daemon.main_pid(), trial); // it was not started once more
        CHECK_NE(trial, hub);
        wait_until_gone({spawner, authd, hub});
        CHECK(server.runs_new(spawner_of(daemon)));
        CHECK_NE(authd_of(daemon), authd);
        CHECK_EQ(handler_of(daemon, ada), handler);
        CHECK(is_alive(handler));

        carl.type("'s line\r");
        ada.wait_for_text("carl say: half of carl's line\n");
        dora.type("'s line\r");
        ada.wait_for_text("dora say: half of dora's line\n");
        pipe.write("last from the pipe\n");
        ada.wait_for_text("last from the pipe\n");
        zoe.send("zoe\nsesame\n\n");
        zoe.wait_for_text("You are in lobby.");
        check_they_talk(zoe, ada, "at last");
        ChatClient late{daemon, "late"};
        check_they_talk(late, bob, "after it");
        const int said = talk.finish();
        CHECK_EQ(count_in(chatctl(daemon, {"history", "lobby", "-n", "100000"}), "speaker say: line "), said);
        pipe.close_input();
        CHECK_EQ(pipe.wait(), 0);
        INFO(pipe.err().text());
        CHECK(pipe.err().text().find("again") == std::string::npos);
        const std::string told = carl.screen().substr(clients);
        CHECK(told.find("connect") == std::string::npos);
        CHECK(told.find("server") == std::string::npos);
        CHECK_EQ(count_in(chatctl(daemon, {"history", "lobby", "-n", "100000"}), "ada joined"), 1);
        daemon.stop();
        ada.wait_for_line("The server is stopping: come back later.");
    }

    TEST_CASE("USR2 is an upgrade and so is the word of several who need not wait for its end") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        UpgradedServer server;
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        server.place.put_other_version();
        daemon.signal(SIGUSR2);
        wait_until_upgraded(daemon, server.place);
        CHECK(has_both_versions(daemon.log()));
        check_they_talk(ada, bob, "USR2");

        server.place.put_same();
        {
            Connection leaves = connect_to_file(server.control());
            leaves.send("upgrade\n");
        }
        Connection types = connect_to_file(server.control());
        types.send("upgrade\nrooms\nno-such-verb\n");
        Process other = begin_upgrade(daemon, server.place);
        wait_for_trial(daemon, server.place);
        CHECK_EQ(other.wait(), 0);
        for (std::string line; (line = types.read_line()) != "ok";)
            if (line.starts_with("error")) throw Failure{line};
        CHECK(types.read_line().starts_with(" ROOM"));
        CHECK(types.read_line().find("lobby") != std::string::npos);
        CHECK_EQ(types.read_line(), "ok");
        CHECK(types.read_line().starts_with("error"));
        wait_until_upgraded(daemon, server.place);
        check_they_talk(ada, bob, "all asked");
    }

    TEST_CASE(
        "who has not asked or only half before an upgrade is answered after it and after one that fails") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const UpgradedServer server;
        Connection silent = connect_to_file(server.control()), half = connect_to_file(server.control());
        half.send("announce good day\nannoun");
        CHECK_EQ(half.read_line(), "ok");
        ChatClient ada{server.daemon, "ada"};
        server.place.put_other_version();
        Process failing = begin_upgrade(server.daemon, server.place);
        ::kill(wait_for_trial(server.daemon, server.place), SIGKILL);
        CHECK_EQ(failing.wait(), 1);
        half.send("ce good afternoon\nannoun");
        CHECK_EQ(half.read_line(), "ok");
        CHECK_EQ(server.upgrade().status, 0);
        half.send("ce good evening\n");
        CHECK_EQ(half.read_line(), "ok");
        ada.wait_for_line("administrator say: good evening");
        silent.send("rooms\n");
        silent.read_line(); // the heads of the columns
        CHECK(silent.read_line().find("lobby") != std::string::npos);
    }

    TEST_CASE("a reload and HUP in the midst of an upgrade are done and a shutdown ends all in order") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        UpgradedServer server;
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        server.place.put_other_version();
        Process upgrade = begin_upgrade(daemon, server.place);
        daemon.signal(SIGHUP);
        wait_for_trial(daemon, server.place);
        daemon.configure({"room lobby", "room attic", "history-on-join 0", "flood off"});
        daemon.signal(SIGHUP);
        const Result reload = run_chatctl(daemon, {"reload"});
        INFO(reload.err);
        CHECK_EQ(reload.status, 0);
        CHECK_EQ(upgrade.wait(), 0);
        CHECK(chatctl(daemon, {"rooms"}).find("attic") != std::string::npos);
        check_they_talk(ada, bob, "reloaded");

        server.place.put_same();
        Process last = begin_upgrade(daemon, server.place);
        wait_for_trial(daemon, server.place);
        const Result shutdown = run_chatctl(daemon, {"shutdown", "good", "night"});
        CHECK_EQ(shutdown.status, 0);
        CHECK_EQ(daemon.wait(), 0);
        last.wait(); // in whatever way
        ada.wait_for_text("good night");
        ada.wait_for_end();
        bob.wait_for_end();
    }

    TEST_CASE("a reload and HUP while the new program is asked are done at once") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const Path gate = folder / "gate";
        REQUIRE_EQ(::mkfifo(gate.c_str(), 0600), 0);
        UpgradedServer server{[](const ProgramPlace& place) {
            Daemon::Setting setting = chatd_in(place, {"room lobby", "history-on-join 0"});
            setting.children_fail = true;
            return setting;
        }};
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        server.place.put_bytes(text("#!/bin/sh\n[ $1 != -V ] && exit 1\ncat ", gate.native(), "\necho chatd ",
                                    other_version(), '\n'));
        Process upgrade = begin_upgrade(daemon, server.place);
        common::Fd opened;
        wait_until("it is asked", [&] {
            opened = common::Fd{::open(gate.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
            return opened.get() >= 0;
        });
        const auto has_room = [&](const std::string& room) {
            return chatctl(daemon, {"rooms"}).find(room) != std::string::npos;
        };
        daemon.configure({"room lobby", "room attic", "history-on-join 0"});
        CHECK_EQ(run_chatctl(daemon, {"reload"}).status, 0);
        CHECK(has_room("attic"));
        daemon.configure({"room lobby", "room attic", "room cellar", "history-on-join 0"});
        daemon.signal(SIGHUP);
        wait_until("HUP is heeded", [&] { return has_room("cellar"); });
        CHECK_EQ(upgrade.out().text(), "");
        opened.reset();
        CHECK_EQ(upgrade.wait(), 1);
        CHECK(has_room("cellar"));
        check_they_talk(ada, bob, "reloaded");
    }

    TEST_CASE("an upgrade serves the new listeners of the configuration and no more the old ones") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const auto socket = [&](const char* name) { return text("listen unix:", (folder / name).native()); };
        const Words rest{"listen 127.0.0.1:0", "room lobby", "history-on-join 0", "flood off"};
        const auto with = [&](Words more) {
            more.insert(more.begin(), rest.begin(), rest.end());
            return more;
        };
        UpgradedServer server{[&](const ProgramPlace& place) {
            Daemon::Setting setting = chatd_in(place, with({socket("removed"), socket("stays")}));
            setting.listeners = 3;
            return setting;
        }};
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"};
        Connection bob = connect_to_file(folder / "stays");
        bob.send("bob\n\n");
        ada.wait_for_line("bob joined");
        struct stat before {
        }, after{};
        REQUIRE(::stat((folder / "stays").c_str(), &before) == 0);
        daemon.configure(with({socket("stays"), socket("added")}));
        server.place.put_other_version();
        CHECK_EQ(server.upgrade().status, 0);
        Connection carl = connect_to_file(folder / "added");
        carl.send("carl\n\n");
        ada.wait_for_line("carl joined");
        Connection dora = connect_to_file(folder / "stays");
        dora.send("dora\n\n");
        ada.wait_for_line("dora joined");
        bob.send("still here\n");
        ada.wait_for_line("bob say: still here");
        CHECK_FALSE(std::filesystem::exists(folder / "removed"));
        REQUIRE(::stat((folder / "stays").c_str(), &after) == 0);
        CHECK_EQ(before.st_ino, after.st_ino);
        const ChatClient late{daemon, "late"}; // at the port that the kernel had chosen
        ada.wait_for_line("late joined");
        daemon.stop();
        CHECK_FALSE(std::filesystem::exists(folder / "stays"));
        CHECK_FALSE(std::filesystem::exists(folder / "added"));
    }

    TEST_CASE("what waits for the next start is in force after an upgrade") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        UpgradedServer server;
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"};
        const Path control = folder / "control", log = folder / "log", pid_file = folder / "pid";
        daemon.configure({"room lobby", "history-on-join 0", "flood off", text("control ", control.native()),
                          text("log ", log.native()), text("pid-file ", pid_file.native()),
                          text("users ", write_users(folder).native())});
        const std::string waits = chatctl(daemon, {"reload"});
        for (const char* const name : {"control", "log", "pid-file", "users"})
            CHECK(waits.find(text("a change of '", name, "' waits for an upgrade")) != std::string::npos);
        server.place.put_other_version();
        const Result result = server.upgrade(); // whoever has asked at the old socket is answered
        INFO(result.err);
        CHECK_EQ(result.status, 0);
        CHECK(has_both_versions(result.out));
        CHECK_FALSE(std::filesystem::exists(server.control()));
        CHECK_EQ(run_client({"chatctl", "-s", control, "rooms"}).status, 0);
        CHECK_EQ(read_file(pid_file), text(daemon.pid(), '\n'));
        ChatClient zoe{daemon};
        zoe.send("zoe\nsesame\n\n");
        ada.wait_for_line("zoe joined");
        CHECK(read_file(log).find(" zoe ") != std::string::npos);
        daemon.stop();
        CHECK_FALSE(std::filesystem::exists(pid_file));
        CHECK_FALSE(std::filesystem::exists(control));
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("ten upgrades in a row leave nothing behind") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        UpgradedServer server{{"room lobby", "history-on-join 0", "flood off", "create-rooms on",
                               text("users ", write_users(folder).native())}};
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}, carl{daemon, "carl"};
        carl.say("/join attic sesame");
        carl.wait_for_text("attic");
        Talk talk{daemon};
        const auto upgrade = [&](int turn) {
            if (turn % 2 == 0)
                server.place.put_other_version();
            else
                server.place.put_same();
            const Result result = server.upgrade();
            INFO(result.err);
            REQUIRE(result.status == 0);
            check_they_talk(ada, bob, text("upgrade ", turn));
        };
        upgrade(0);
        wait_until("there are the lasting processes", [&] { return others_of(daemon).size() == 2; });
        const auto [keeper, hub] = held(daemon);
        const std::size_t processes = below(daemon.pid()).size();
        for (int turn = 1; turn <= 10; ++turn) upgrade(turn);
        wait_until("there are as many processes as before",
                   [&] { return below(daemon.pid()).size() == processes && others_of(daemon).size() == 2; });
        wait_until("the keeper and the hub hold what they held", [&, &old_keeper = keeper, &old_hub = hub] {
            return held(daemon) == std::pair{old_keeper, old_hub};
        });
        check_they_talk(ada, bob, "at last");
        carl.close();
        ada.wait_for_text("carl left");
        ChatClient next{daemon, "carl"};
        ada.wait_for_text("carl joined");
        CHECK(talk.finish() > 0);
        daemon.stop();
    }
}
