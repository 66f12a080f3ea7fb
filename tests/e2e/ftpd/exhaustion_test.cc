// SPDX-License-Identifier: ISC
// When the system has no process or descriptor to give, the daemon says so, goes on, and recovers.
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

Connection connect_control(const Daemon& daemon) {
    Connection control{common::Address::of_path((daemon.state() / "control").native())};
    control.send("stats\n");
    return control;
}

// From now on the daemon can open so many descriptors more.
void leave_descriptors(const Daemon& daemon, std::size_t number) {
    const auto open = descriptors_of(daemon.main_pid());
    // What is closed in between can be opened, too.
    int limit = 0;
    for (std::size_t free = 0; free < number || open.contains(limit); ++limit)
        if (!open.contains(limit)) ++free;
    const std::string process = std::to_string(daemon.main_pid());
    Words command{"prlimit", "--pid", process, text("--nofile=", limit, ':')};
    if (is_root()) { // root without all of its rights may do that to processes of root's only
        const std::string status = read_file("/proc/" + process + "/status");
        const auto id = [&](std::string_view name) {
            return std::to_string(std::stoi(status.substr(status.find(name) + name.size())));
        };
        const Words owner{"setpriv", "--reuid=" + id("\nUid:"), "--regid=" + id("\nGid:"), "--clear-groups",
                          "--"};
        command.insert(command.begin(), owner.begin(), owner.end());
    }
    const Result result = run_client(command);
    if (result.status != 0) throw Failure{result.err};
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a client for whom there is no process is told and the next one finds it again") {
        if (!is_root()) return tests::skip("only root can run it as a user who has no other processes");
        const TempDir place;
        Daemon::Setting setting = as_ordinary_user(place, {});
        setting.wrapper.insert(setting.wrapper.end(), {"prlimit", "--nproc=4:4"});
        Daemon daemon{setting};
        FtpClient first{daemon}, second{daemon};
        Connection third{daemon.port()};
        CHECK(third.expect(421) == "421 The server cannot start a process: try again in a moment.");
        CHECK(third.read_to_end().empty());
        daemon.wait_for_log("not accepting for 1 s: fork failed");
        CHECK(stat_of(daemon, "failed-forks") == 1);
        second.command("NOOP", 200);
        const pid_t session = session_of(daemon, first);
        first.command("QUIT", 221);
        wait_for_end_of(daemon, session);
        FtpClient next{daemon}; // after the pause
        CHECK(stat_of(daemon, "clients") == 2);
        daemon.stop();
    }

    TEST_CASE("a daemon without a descriptor to spare pauses and recovers") {
        if (!have_proc() || is_sanitized()) return tests::skip("needs /proc and no sanitizer");
        const Daemon daemon;
        FtpClient client{daemon};
        Connection before = connect_control(daemon);
        while (before.read_line() != "ok") continue; // what accepting the client took is given back
        leave_descriptors(daemon, 0);
        Connection waiting{daemon.port()};
        daemon.wait_for_log("not accepting for 1 s: accept a client: Too many open files");
        Connection control = connect_control(daemon);
        client.command("NOOP", 200);
        leave_descriptors(daemon, 8);
        waiting.expect(220);
        CHECK(control.read_line().starts_with(" uptime-seconds "));
    }

    TEST_CASE("a client whose session has no descriptors is told and nothing of it stays") {
        if (!have_proc() || is_sanitized()) return tests::skip("needs /proc and no sanitizer");
        const Daemon daemon{{.lines = {"max-clients 1"}}};
        ask(daemon, {"stats"});       // it waits, and so has opened all that it needs for that
        leave_descriptors(daemon, 1); // for its socket, not for the pair
        Connection refused{daemon.port()};
        CHECK(refused.expect(421) == "421 The server has no free descriptor: try again in a moment.");
        CHECK(refused.read_to_end().empty());
        leave_descriptors(daemon, 8);
        FtpClient client{daemon}; // there is one status page, and it is free
        client.command("NOOP", 200);
    }
}
