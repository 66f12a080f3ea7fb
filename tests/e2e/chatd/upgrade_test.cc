// SPDX-License-Identifier: ISC
// Another chatd takes the place of this one, and nobody is disconnected: all but the clients' own processes
// run the new program; a new program that is worth nothing changes nothing.
#include "tests/e2e/upgrade.hh"

#include "tests/e2e/chat_client.hh"
#include "tests/e2e/pty.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <future>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

using namespace e2e;
using common::text;

namespace {

Daemon::Setting setting_of(const ProgramPlace& place, Words lines) {
    Daemon::Setting setting = chatd_with(std::move(lines));
    setting.environment = {}; // the catalogues are where the program is
    setting.program = place.path();
    setting.in_file = true;
    return setting;
}

// chatd in a place of its own.
struct Server {
    explicit Server(Words lines = {"room lobby", "history-on-join 0"})
        : daemon(setting_of(place, std::move(lines))) {}
    explicit Server(const std::function<Daemon::Setting(const ProgramPlace&)>& make) : daemon(make(place)) {}

    Path control() const { return daemon.state() / "control"; }
    Result upgrade() const { return e2e::upgrade(daemon, place); }
    bool runs_new(pid_t pid) const { return runs(pid, place.path()); }
    std::string said(std::string_view room = "lobby") const {
        return chatctl(daemon, {"history", std::string{room}, "-n", "1000000"});
    }

    ProgramPlace place{"chatd"};
    Daemon daemon;
};

// A user file, so that there is an authd.
std::string users_in(const TempDir& folder) {
    const Path path = folder / "users";
    write_file(path, text("zoe:", hash_of("sesame"), ":-:-\n"));
    std::filesystem::permissions(path,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return path;
}

// One talks all the while, and another must be shown each line once and in its order.
class Talk {
public:
    explicit Talk(const Daemon& daemon) : speaker_(daemon, "speaker"), listener_(daemon, "listener") {
        speaking_ = std::async(std::launch::async, [this] {
            int line = 0;
            while (!is_over_) {
                speaker_.say(text("line ", ++line));
                std::this_thread::sleep_for(std::chrono::milliseconds{1}); // a pace, and no wait
            }
            speaker_.say("that was all");
            return line;
        });
        hearing_ = std::async(std::launch::async, [this] {
            const std::string lead = "speaker say: ";
            for (int next = 1;;) {
                const std::string line = listener_.read_line();
                if (!line.starts_with(lead)) continue;
                if (line == lead + "that was all") return next - 1;
                if (line != text(lead, "line ", next)) throw Failure{text("not line ", next, ": ", line)};
                ++next;
            }
        });
    }
    ~Talk() { is_over_ = true; }
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;

    // Throws Failure unless each line that was said was shown. How many.
    int finish() {
        is_over_ = true;
        const int said = speaking_.get(), heard = hearing_.get();
        if (said != heard) throw Failure{text(said, " lines were said and ", heard, " heard")};
        return said;
    }

private:
    ChatClient speaker_, listener_;
    std::atomic<bool> is_over_ = false;
    std::future<int> speaking_, hearing_;
};

Connection connect_to_file(const Path& socket) {
    return Connection{common::Address::of_path(socket.native())};
}

int count_in(const std::string& whole, std::string_view part) {
    int found = 0;
    for (std::size_t at = 0; (at = whole.find(part, at)) != whole.npos; at += part.size()) ++found;
    return found;
}

// Both are connected, and each hears the other.
void check_they_talk(ChatClient& one, ChatClient& other, std::string_view word) {
    one.say(text(word, " from one"));
    other.wait_for_text(text(" say: ", word, " from one\n"));
    other.say(text(word, " from the other"));
    one.wait_for_text(text(" say: ", word, " from the other\n"));
}

bool has_both_versions(const std::string& said) {
    return said.find(SUITE_VERSION) != std::string::npos && said.find(other_version()) != std::string::npos;
}

// Nobody's descriptors become more, however often; what the keeper and the hub hold.
std::pair<Words, Words> held(const Daemon& daemon) {
    return {kinds_of(daemon.pid()), kinds_of(daemon.main_pid())};
}

std::string shown(const Words& words) {
    std::string all;
    for (const std::string& word : words) all += word + ' ';
    return all;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("an upgrade puts another version in the place of all but the clients' own processes") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const std::string place_of_socket = folder / "chat.sock";
        Server server{[&](const ProgramPlace& place) {
            Daemon::Setting setting =
                setting_of(place, {"room lobby", "history-on-join 0", text("users ", users_in(folder)),
                                   "listen 127.0.0.1:0", text("listen unix:", place_of_socket)});
            setting.listeners = 2;
            return setting;
        }};
        Daemon& daemon = server.daemon;
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        Pty carl{{"chat", text("carl@", place_of_socket), ""}, {"LC_ALL=C", "TERM="}};
        carl.wait_for("You are in lobby.");
        carl.wait_for("> ");
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
        pipe.write("last from the pipe\n");
        ada.wait_for_text("last from the pipe\n");
        zoe.send("zoe\nsesame\n");
        zoe.wait_for_text("You are in lobby.");
        check_they_talk(zoe, ada, "at last");
        ChatClient late{daemon, "late"};
        check_they_talk(late, bob, "after it");
        const int said = talk.finish();
        CHECK_EQ(count_in(server.said(), "speaker say: line "), said);
        pipe.close_input();
        CHECK_EQ(pipe.wait(), 0);
        INFO(pipe.err().text());
        CHECK(pipe.err().text().find("again") == std::string::npos);
        const std::string told = carl.screen().substr(clients);
        CHECK(told.find("connect") == std::string::npos);
        CHECK(told.find("server") == std::string::npos);
        CHECK_EQ(count_in(server.said(), "ada joined"), 1);
        daemon.stop();
        ada.wait_for_line("The server is stopping: come back later.");
    }

    TEST_CASE("a new program that fails changes nothing and says why") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Server server{[](const ProgramPlace& place) {
            Daemon::Setting setting = setting_of(place, {"room lobby", "history-on-join 0"});
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
        const std::vector<Failing> all{
            {"it does not like the configuration",
             [&] { place.put_refusing("room lobby: no such thing in the winter"); },
             "no such thing in the winter"},
            {"it cannot be executed", [&] { place.put_not_executable(); }, "ermission denied"},
            {"it is no program",
             [&] {
                 place.put_bytes("\x7f"
                                 "ELF and no more");
             },
             ""},
            {"it is not there", [&] { std::filesystem::remove(place.path()); }, "o such file"},
            {"it dies", [&] { place.put_script("kill -SEGV $$"); }, "signal 11"},
            {"it ends", [&] { place.put_script("exit 3"); }, "3"},
            {"it ends as if all were done", [&] { place.put_script("exit 0"); }, ""},
            {"the configuration has become wrong",
             [&] {
                 place.put_same();
                 write_file(daemon.folder() / "daemon.conf", "no-such-directive\n");
             },
             "no-such-directive"}};
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
            CHECK_EQ(spawner_of(daemon), spawner);
            check_they_talk(ada, bob, failing.what);
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
        const Server server;
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

    TEST_CASE("USR2 is an upgrade and so is the word of several who need not wait for its end") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Server server;
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

    TEST_CASE("a reload and HUP in the midst of an upgrade are done and a shutdown ends all in order") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Server server;
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

    TEST_CASE("TERM while the new program is asked ends all at once and nothing of that program stays") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Server server;
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
            Daemon daemon{setting_of(place, lines)};
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
        const Daemon next{setting_of(place, lines)};
        CHECK(runs(next.main_pid(), place.path()));
        ChatClient bob{next, "bob"};
        const std::string said =
            run_client({"chatctl", "-s", folder / "state" / "control", "history", "lobby"}).out;
        CHECK(said.find("ada say: kept") != std::string::npos);
    }

    TEST_CASE("an upgrade serves the new listeners of the configuration and no more the old ones") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const auto socket = [&](const char* name) { return text("listen unix:", (folder / name).native()); };
        const Words rest{"listen 127.0.0.1:0", "room lobby", "history-on-join 0", "flood off"};
        const auto with = [&](Words more) {
            more.insert(more.end(), rest.begin(), rest.end());
            return more;
        };
        Server server{[&](const ProgramPlace& place) {
            Daemon::Setting setting = setting_of(place, with({socket("removed"), socket("stays")}));
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
        Connection ada = connect_to_file(path);
        ada.send("ada\n\n");
        while (ada.read_line().find("You are in lobby") == std::string::npos) {
        }
        for (int turn = 0; turn < 2; ++turn) { // the second one by a keeper that was executed with it
            place.put_same();
            const Result result = run_client({"chatctl", "-s", state + "/control", "upgrade"});
            INFO(result.err);
            REQUIRE(result.status == 0);
            CHECK(runs(daemon.pid(), place.path()));
            Connection late = connect_to_file(path);
            late.send(text("late", turn, "\n\n"));
            while (ada.read_line() != text("late", turn, " joined")) {
            }
        }
        daemon.signal(SIGTERM);
        CHECK_EQ(daemon.wait(), 0);
        CHECK(std::filesystem::exists(path)); // it is the manager's
    }
}

TEST_SUITE("e2e") {
    TEST_CASE("a daemon that an ordinary user has started is upgraded") {
        if (!have_proc() || !is_root()) return tests::skip("only root can be another user");
        const TempDir unused;
        const Server server{[&](const ProgramPlace& place) {
            Daemon::Setting setting = setting_of(place, {"room lobby", "history-on-join 0", "flood off"});
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

    TEST_CASE("after an upgrade of a daemon that root started nobody has more rights than before") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it");
        const TempDir folder;
        const Server server{{"room lobby", "history-on-join 0", "flood off", "hub-user bin", "run-as nobody",
                             text("users ", users_in(folder))}};
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
        zoe.send("zoe\nsesame\n");
        ada.wait_for_line("zoe joined");
    }

    TEST_CASE("the console of a daemon in the foreground works after an upgrade") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const ProgramPlace place{"chatd"};
        Pty console{{place.path(), "-d", "-o", text("listen unix:", (folder / "socket").native()), "-o",
                     text("state ", (folder / "state").native())}};
        console.wait_for("listening on ");
        Connection client = connect_to_file(folder / "socket");
        client.send("ada\n\n");
        while (client.read_line().find("You are in ") == std::string::npos) {
        }
        place.put_other_version();
        const Result result = run_client({"chatctl", "-s", folder / "state" / "control", "upgrade"});
        INFO(result.err);
        CHECK_EQ(result.status, 0);
        console.type("hello to all\r");
        while (client.read_line() != "administrator say: hello to all") {
        }
        console.type("\x03");
        CHECK_EQ(console.wait(), 0);
        while (client.read_line() != "The server is stopping: come back later.") {
        }
    }

    TEST_CASE("a daemon that has left its terminal and was named by relative paths is upgraded") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        const ProgramPlace place{"chatd"};
        write_file(folder / "chatd.conf", text("listen unix:", (folder / "socket").native(), "\nlog ",
                                               (folder / "log").native(), "\nroom lobby\n"));
        const Result started = run_client(
            {"sh", "-c",
             "cd \"$0\" && PATH=$1:$PATH && chatd -f chatd.conf -o 'state state' -o 'pid-file pid'",
             folder.path(), place.folder()});
        INFO(started.err);
        REQUIRE(started.status == 0);
        const pid_t keeper = std::stoi(read_file(folder / "state" / "lock"));
        Connection client = connect_to_file(folder / "socket");
        client.send("ada\n\n");
        while (client.read_line().find("You are in lobby") == std::string::npos) {
        }
        for (int turn = 0; turn < 2; ++turn) {
            if (turn == 0)
                place.put_other_version();
            else
                place.put_same();
            const Result result = run_client({"chatctl", "-s", folder / "state" / "control", "upgrade"});
            INFO(result.err);
            CHECK_EQ(result.status, 0);
            CHECK(runs(keeper, place.path()));
            CHECK_EQ(std::stoi(read_file(folder / "state" / "lock")), keeper);
            CHECK_EQ(std::stoi(read_file(folder / "pid")), keeper);
            Connection late = connect_to_file(folder / "socket");
            late.send(text("late", turn, "\n\n"));
            while (client.read_line() != text("late", turn, " joined")) {
            }
        }
        CHECK(has_both_versions(read_file(folder / "log")));
        ::kill(keeper, SIGTERM);
        wait_until("it is gone", [&] { return ::kill(keeper, 0) != 0; });
        CHECK_FALSE(std::filesystem::exists(folder / "pid"));
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("ten upgrades in a row leave nothing behind") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const TempDir folder;
        Server server{{"room lobby", "history-on-join 0", "flood off", "create-rooms on",
                       text("users ", users_in(folder))}};
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
        ChatClient next{daemon, "carl"};
        ada.wait_for_text("carl joined");
        CHECK(talk.finish() > 0);
        daemon.stop();
    }

    TEST_CASE("a new program that hangs changes nothing but a pause") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Server server;
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
