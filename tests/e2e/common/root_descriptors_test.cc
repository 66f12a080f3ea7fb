// SPDX-License-Identifier: ISC
// What each process of a daemon that root started holds: what suite(7) grants it, and no descriptor more.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <signal.h>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

// A daemon of everything that there is to hold: a log, a user file and a transfer log in files of root's, two
// listeners.
struct Place {
    TempDir folder;
    std::map<std::string, std::string> names; // of targets

    Words lines(Words more, std::string_view user) {
        write_file(folder / "users", user);
        REQUIRE(::chmod((folder / "users").c_str(), 0600) == 0);
        for (const char* const name : {"users", "log", "xferlog"}) names[folder / name] = name;
        Words all{text("users ", (folder / "users").native()), "listen 127.0.0.1:0",
                  text("listen unix:", (folder / "socket").native()),
                  text("log ", (folder / "log").native())};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    void name(const Daemon& daemon) {
        names[daemon.state() / "lock"] = "lock";
        names[daemon.files()] = "root";
        names[std::filesystem::current_path()] = "start"; // where the daemon was, too
        names[find_program("chatd")] = "program";
        names[daemon.state() / "rooms/lobby/00000001.log"] = "room";
        names[descriptors_of(daemon.pid()).at(2)] = "said"; // of the test's own
    }

    // Waits until it holds these, and what waiting takes of a process.
    void check(const char* who, pid_t pid, Words expected) const {
        std::ranges::sort(expected);
        Words last;
        const auto is_for_waiting = [](const std::string& kind) {
            return kind == "epoll" || (is_posix_build() && (kind == "pipe" || kind == "/dev/urandom"));
        };
        const auto matches = [&] {
            last = kinds_of(pid, names);
            std::erase_if(last, is_for_waiting);
            return last == expected;
        };
        try {
            wait_until("it holds these", matches);
        } catch (const Failure&) {
            std::string all;
            for (const std::string& kind : last) all += kind + ", ";
            FAIL_CHECK(text(who, " holds ", all));
        }
    }
};

Words with(Words kinds, const Words& more) {
    kinds.insert(kinds.end(), more.begin(), more.end());
    return kinds;
}

// A listener that an administrator adds and takes away again.
void hup(const Daemon& daemon, const Path& log) {
    const std::size_t before = read_file(log).size();
    ::kill(daemon.pid(), SIGHUP);
    wait_until("it was read again", [&] {
        const std::string all = read_file(log);
        return all.find("configuration read again", std::min(before, all.size())) != std::string::npos;
    });
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("each process of root's ftpd holds what it was granted and no descriptor more") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it, in /proc");
        if (!std::filesystem::exists("/dev/shm")) return tests::skip("status pages are elsewhere here");
        Place place;
        const Daemon daemon{
            {.lines = place.lines({"anonymous read", text("xferlog ", (place.folder / "xferlog").native())},
                                  text("ann:", hash_of("sesame"), ":/:list,read\n"))}};
        place.name(daemon);
        FtpClient silent{daemon}, ann{daemon};
        const auto look = [&](std::size_t sessions) {
            const pid_t parent = daemon.main_pid();
            const Words lasting{"lock", "unix listener", "unix listener", "tcp listener", "log", "xferlog"};
            // For an upgrade, the folder where it was started. Pairs with the parent and authd, and what it
            // keeps for another parent: the end of the pair with authd, the pages, who is served, and the
            // ends of the pairs with the sessions.
            Words of_keeper =
                with(lasting, {"null", "said", "said", "pair", "pair", "pair", "pages", "pages", "start"});
            of_keeper.insert(of_keeper.end(), sessions, "pair");
            place.check("the keeper", daemon.pid(), of_keeper);
            Words of_parent =
                with(lasting, {"null", "null", "said", "pair", "pair"}); // with the keeper, authd
            of_parent.insert(of_parent.end(), sessions, "pair");
            place.check("the parent", parent, of_parent);
            Words of_authd{"null", "null", "pair", "pair", "pair"}; // standard error is one of its two
            of_authd.insert(of_authd.end(), sessions, "pair");
            place.check("authd", authd_of(daemon), of_authd);
            for (const ProcessStatus& session : children_of(parent))
                place.check(
                    "a session", session.pid,
                    {"null", "null", "tcp", "pair", "pair", "pair", "root"}); // with authd, the parent twice
        };
        look(2);
        ann.command("USER ann", 331);
        ann.command("PASS sesame", 230);
        look(2);
        for (int turn = 0; turn < 3; ++turn) hup(daemon, place.folder / "log");
        look(2);
        ::kill(authd_of(daemon), SIGKILL);
        { FtpClient other{daemon}; }
        silent.command("QUIT", 221);
        ann.command("QUIT", 221);
        silent.wait_for_end();
        ann.wait_for_end();
        look(0);
    }

    TEST_CASE("each process of root's chatd holds what it was granted and no descriptor more") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it, in /proc");
        if (!std::filesystem::exists("/dev/shm")) return tests::skip("status pages are elsewhere here");
        Place place;
        const Daemon daemon{
            chatd_with(place.lines({"room lobby"}, text("zoe:", hash_of("sesame"), ":-:-\n")))};
        place.name(daemon);
        ChatClient silent{daemon}, ada{daemon, "ada"}, bob{daemon, "bob"};
        silent.wait_for_text("Your name: ");
        const auto look = [&](std::size_t silent_ones, std::size_t members) {
            const pid_t spawner = spawner_of(daemon);
            const Words lasting{"lock", "unix listener", "unix listener", "tcp listener", "log"};
            // For an upgrade, the folder where it was started and the program, from which the spawner is
            // executed. Pairs with the hub and authd; the spawner, which is executed, keeps none. And for
            // another hub: the hub's ends of the pairs with spawner, authd and handlers, and the pages.
            Words of_keeper = with(lasting, {"null", "said", "said", "pair", "pair", "pair", "pair", "pages",
                                             "pages", "start", "program"});
            of_keeper.insert(of_keeper.end(), silent_ones + members, "pair");
            place.check("the keeper", daemon.pid(), of_keeper);
            // With the keeper, the spawner and authd.
            Words of_hub = with(lasting, {"null", "said", "said", "pair", "pair", "pair", "pages", "room"});
            of_hub.insert(of_hub.end(), silent_ones + members, "pair");
            place.check("the hub", daemon.main_pid(), of_hub);
            place.check("the spawner", spawner, {"null", "null", "said", "pair", "pages"});
            place.check("authd", authd_of(daemon), {"null", "null", "pair", "pair", "pair"});
            const Words of_handler{"null", "null", "pair", "pair",
                                   "tcp"}; // the pair twice: standard error is it
            for (const ProcessStatus& handler : children_of(spawner)) {
                const Words kinds = kinds_of(handler.pid, place.names);
                const bool is_in = std::ranges::find(kinds, "room") != kinds.end();
                (is_in ? members : silent_ones) -= 1;
                place.check("a handler", handler.pid, is_in ? with(of_handler, {"room"}) : of_handler);
            }
            CHECK(silent_ones == 0);
            CHECK(members == 0);
        };
        look(1, 2);
        for (int turn = 0; turn < 3; ++turn) hup(daemon, place.folder / "log");
        look(1, 2);
        ::kill(authd_of(daemon), SIGKILL);
        bob.say("/quit");
        bob.wait_for_end();
        ada.wait_for_line("bob left");
        silent.close();
        wait_until("its handler has ended", [&] { return children_of(spawner_of(daemon)).size() == 1; });
        look(0, 1);
        ada.say("/quit");
        ada.wait_for_end();
        wait_until("its handler has ended", [&] { return children_of(spawner_of(daemon)).empty(); });
        ::kill(spawner_of(daemon), SIGKILL);
        const ChatClient eve{daemon, "eve"};
        look(0, 1);
    }
}
