// SPDX-License-Identifier: ISC
// The parent keeps nothing of its clients: after a second round of everything that clients do, good and bad,
// it is as large as after the one before.
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <set>
#include <signal.h>
#include <sys/stat.h>
#include <utility>

using namespace e2e;
using common::text;

namespace {

constexpr int clients_of_a_kind = 40;

void do_well(const Daemon& daemon, int number) {
    FtpClient client = connect_logged_in(daemon);
    const std::string name = text("file ", number), bytes = make_bytes(100000, static_cast<unsigned>(number));
    client.store("STOR " + name, bytes);
    CHECK(client.fetch("RETR " + name) == bytes);
    CHECK(client.get(name) == bytes);
    client.put(name, bytes);
    client.fetch("LIST");
    client.command("DELE " + name, 250);
    client.command("QUIT", 221);
}

void do_badly(const Daemon& daemon, int number) {
    FtpClient client{daemon};
    switch (number % 10) {
    case 0: client.send(std::string(1 << 20, 'x') + "\r\n"); break;
    case 1: client.try_send(make_bytes(100000, static_cast<unsigned>(number))); break;
    case 2: client.send("HALF"), client.half_close(); break;
    case 3: client.reset(); return;
    case 4: client.command("GET endless", 150), client.reset(); return;
    case 5: begin_transfer(client.login(), "RETR endless").reset(); break;
    case 6: begin_transfer(client.login(), "STOR lost").send("half"), client.reset(); return;
    case 7: client.command("GET fifo", 550); break;
    case 8: client.command("GET /../../etc/passwd", 550); break;
    default: ::kill(session_of(daemon, client), SIGKILL), client.wait_for_end(); return;
    }
}

void ask_badly(const Daemon& daemon) {
    const auto address = common::Address::of_path((daemon.state() / "control").native());
    Connection{address}.send("who");
    Connection{address}.reset();
    Connection long_line{address};
    long_line.send(std::string(100000, 'x') + "\n");
    CHECK(long_line.read_line().starts_with("error "));
}

// Comes back when the daemon has closed its end of this, and before that, all that ended earlier.
void ask_and_leave(const Daemon& daemon) {
    Connection control{common::Address::of_path((daemon.state() / "control").native())};
    control.send("who\n");
    control.half_close();
    control.read_to_end();
}

void do_a_round(Daemon& daemon) {
    for (int i = 0; i < clients_of_a_kind; ++i) {
        do_well(daemon, i);
        do_badly(daemon, i);
        ask_badly(daemon);
    }
    daemon.signal(SIGHUP);
    daemon.signal(SIGUSR1);
    daemon.wait_until_idle();
    ask_and_leave(daemon); // the control clients before it are gone
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("a second round of everything leaves the daemon as the first did") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Daemon daemon{{.lines = {"anonymous write"}}};
        make_endless_file(daemon.files() / "endless");
        ::mkfifo((daemon.files() / "fifo").c_str(), 0666);

        do_a_round(daemon);
        // By what they lead to: what a HUP opens again may have another number.
        const auto open_ones = [&] {
            std::multiset<std::string> targets;
            for (const auto& [fd, target] : descriptors_of(daemon.main_pid())) targets.insert(target);
            return targets;
        };
        const auto descriptors = open_ones();
        // One that leaks grows every time; one that meets a page of its program late grows once.
        std::size_t size = resident_bytes(daemon.main_pid()), size_before = 0;
        for (int more = 0; more < 3 && (more == 0 || size > size_before + size_before / 100); ++more) {
            do_a_round(daemon);
            size_before = std::exchange(size, resident_bytes(daemon.main_pid()));
            MESSAGE("resident bytes " << size_before << ", then " << size);
        }
        if (!is_sanitized()) CHECK(size <= size_before + size_before / 100);
        CHECK(open_ones() == descriptors);
        CHECK(children_of(daemon.main_pid()).empty());
        CHECK(stat_of(daemon, "clients") == 0);
    }
}
