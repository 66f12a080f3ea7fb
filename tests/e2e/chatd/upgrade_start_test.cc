// SPDX-License-Identifier: ISC
// However chatd was started, it is upgraded: by a service manager, by root or an ordinary user, on a terminal
// or away from it, by whatever path.
#include "tests/e2e/chat_upgrade.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

using namespace e2e;
using common::text;

namespace {

std::string shown(const Words& words) {
    std::string all;
    for (const std::string& word : words) all += word + ' ';
    return all;
}

// That the test does not leave it behind if it fails.
struct Detached {
    explicit Detached(pid_t keeper) : pid(keeper) {}
    ~Detached() { ::kill(pid, SIGTERM); }
    Detached(const Detached&) = delete;
    Detached& operator=(const Detached&) = delete;
    const pid_t pid;
};

// Up to this line.
void read_until(Connection& client, std::string_view line) {
    while (client.read_line() != line) {
    }
}

// By this name, in the lobby.
Connection enter(const Path& socket, std::string_view name) {
    Connection client = connect_to_file(socket);
    client.send(text(name, "\n\n"));
    while (client.read_line().find("You are in lobby") == std::string::npos) {
    }
    return client;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a listener that a service manager has passed serves over an upgrade") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const ProgramPlace place{"chatd"};
        const std::string path = folder / "manager.sock", state = folder / "state";
        const common::Fd listener = common::listen_on(common::Address::of_path(path));
        const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        auto [reading, writing] = make_pipe();
        Child daemon{{"sh", "-c", "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"", "sh", place.path(), "-d",
                      "-o", "state " + state, "-o", "room lobby"},
                     {.descriptors = {nothing.get(), nothing.get(), writing.get(), listener.get()},
                      .environment = {"LISTEN_FDS=1"},
                      .terminal = {}}};
        writing.reset();
        const Collector log{std::move(reading), "chatd"};
        log.wait_for("listening on unix:" + path);
        Connection ada = enter(path, "ada");
        for (int turn = 0; turn < 2; ++turn) { // the second one by a keeper that was executed with it
            place.put_same();
            const Result result = run_client({"chatctl", "-s", state + "/control", "upgrade"});
            INFO(result.err);
            REQUIRE(result.status == 0);
            CHECK(runs(daemon.pid(), place.path()));
            const Connection late = enter(path, text("late", turn));
            read_until(ada, text("late", turn, " joined"));
        }
        daemon.signal(SIGTERM);
        CHECK_EQ(daemon.wait(), 0);
        CHECK(std::filesystem::exists(path)); // it is the manager's
    }

    TEST_CASE("a daemon that an ordinary user has started is upgraded") {
        if (!have_proc() || !is_root()) return tests::skip("only root can be another user");
        const TempDir unused;
        const UpgradedServer server{[&](const ProgramPlace& place) {
            Daemon::Setting setting = chatd_in(place, {"room lobby", "history-on-join 0", "flood off"});
            setting.wrapper = as_ordinary_user(unused, {}, "chatd").wrapper;
            setting.in_file = false; // which only we may read
            return setting;
        }};
        ChatClient ada{server.daemon, "ada"}, bob{server.daemon, "bob"};
        server.place.put_other_version();
        const Result result = server.upgrade();
        INFO(result.err);
        CHECK_EQ(result.status, 0);
        CHECK(server.runs_new(server.daemon.pid()));
        check_they_talk(ada, bob, "upgraded");
        const ChatClient late{server.daemon, "late"};
        ada.wait_for_line("late joined");
    }

    TEST_CASE("a daemon whose first argument is not its path and not in PATH is upgraded twice") {
        if (!have_proc() || is_posix_build()) return tests::skip("POSIX does not tell a program its path");
        if (tests::lacks("bash")) return;
        const UpgradedServer server{[](const ProgramPlace& place) {
            Daemon::Setting setting = chatd_in(place, {"room lobby", "history-on-join 0"});
            setting.wrapper = {"bash", "-c", "exec -a '-a daemon' \"$0\" \"$@\""};
            return setting;
        }};
        ChatClient ada{server.daemon, "ada"}, bob{server.daemon, "bob"};
        for (int turn = 0; turn < 2; ++turn) {
            if (turn == 0)
                server.place.put_other_version();
            else
                server.place.put_same();
            const Result result = server.upgrade();
            INFO(result.err);
            CHECK_EQ(result.status, 0);
            CHECK(server.runs_new(server.daemon.pid()));
            check_they_talk(ada, bob, text("upgrade", turn));
        }
    }

    TEST_CASE("after an upgrade of a daemon that root started nobody has more rights than before") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it");
        const TempDir folder;
        const UpgradedServer server{{"room lobby", "history-on-join 0", "flood off", "hub-user bin",
                                     "run-as nobody", text("users ", write_users(folder).native())}};
        const Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"};
        const auto rights = [&] {
            const ChatClient late{daemon, "late"};
            std::vector<std::pair<std::string, Words>> all;
            for (const pid_t pid : {daemon.pid(), daemon.main_pid(), spawner_of(daemon), authd_of(daemon),
                                    handler_of(daemon, ada), handler_of(daemon, late)}) {
                std::map<std::string, Words> fields = fields_of(pid);
                for (const char* const field : {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff",
                                                "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "SigIgn"})
                    all.emplace_back(field, fields[field]);
            }
            return all;
        };
        const auto before = rights();
        server.place.put_other_version();
        const Result result = server.upgrade();
        INFO(result.err);
        CHECK_EQ(result.status, 0);
        const auto after = rights();
        for (std::size_t at = 0; at < before.size(); ++at) {
            CAPTURE(at);
            CAPTURE(before[at].first);
            CHECK_EQ(shown(before[at].second), shown(after[at].second));
        }
        ChatClient zoe{daemon};
        zoe.wait_for_text("Your name: ");
        zoe.send("zoe\nsesame\n\n");
        ada.wait_for_line("zoe joined");
    }

    TEST_CASE("the console of a daemon in the foreground works after an upgrade") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const ProgramPlace place{"chatd"};
        Pty console{{place.path(), "-d", "-o", text("listen unix:", (folder / "socket").native()), "-o",
                     text("state ", (folder / "state").native())}};
        console.wait_for("listening on ");
        Connection client = enter(folder / "socket", "ada");
        place.put_other_version();
        const Result result = run_client({"chatctl", "-s", folder / "state" / "control", "upgrade"});
        INFO(result.err);
        CHECK_EQ(result.status, 0);
        console.type("hello to all\r");
        read_until(client, "administrator say: hello to all");
        console.type("\x03");
        CHECK_EQ(console.wait(), 0);
        read_until(client, "The server is stopping: come back later.");
    }

    TEST_CASE("a daemon that has left its terminal and was named by relative paths is upgraded") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const ProgramPlace place{"chatd"};
        write_file(folder / "chatd.conf",
                   text("listen unix:", (folder / "socket").native(), "\nlog ", (folder / "log").native(),
                        "\nstate ", (folder / "state").native(), "\npid-file ", (folder / "pid").native(),
                        "\nroom lobby\n"));
        const Result started = run_client({"sh", "-c", "cd \"$0\" && PATH=../$1:$PATH && chatd -f chatd.conf",
                                           folder.path(), place.folder().filename()});
        INFO(started.err);
        REQUIRE(started.status == 0);
        const Detached daemon{std::stoi(read_file(folder / "state" / "lock"))};
        Connection client = enter(folder / "socket", "ada");
        for (int turn = 0; turn < 2; ++turn) {
            if (turn == 0)
                place.put_other_version();
            else
                place.put_same();
            const Result result = run_client({"chatctl", "-s", folder / "state" / "control", "upgrade"});
            INFO(result.err);
            CHECK_EQ(result.status, 0);
            CHECK(runs(daemon.pid, place.path()));
            CHECK_EQ(std::stoi(read_file(folder / "state" / "lock")), daemon.pid);
            CHECK_EQ(std::stoi(read_file(folder / "pid")), daemon.pid);
            const Connection late = enter(folder / "socket", text("late", turn));
            read_until(client, text("late", turn, " joined"));
        }
        CHECK(has_both_versions(read_file(folder / "log")));
        ::kill(daemon.pid, SIGTERM);
        wait_until("it is gone", [&] { return ::kill(daemon.pid, 0) != 0; });
        CHECK_FALSE(std::filesystem::exists(folder / "pid"));
    }
}
