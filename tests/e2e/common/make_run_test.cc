// SPDX-License-Identifier: ISC
// What `make run' does once everything is built (tests/run.sh): both daemons together, or neither.
#include "common/socket.hh"
#include "tests/e2e/clients.hh"

#include <doctest/doctest.h>
#include <signal.h>

using namespace e2e;

namespace {

constexpr std::string_view way_out = "make run FTP=2122 CHAT=2324";

Words run_script(const Words& ports) {
    Words command{in_source("tests/run.sh"), Path{find_program("ftpd")}.parent_path()};
    command.insert(command.end(), ports.begin(), ports.end());
    return command;
}

// At a terminal, in a folder of its own, on ports of the kernel's choice. Returns when both listen.
Pty run_both(const TempDir& folder) {
    Words command{"sh", "-c", "cd \"$0\" && exec \"$@\"", folder.path()};
    const Words script = run_script({"0", "0"});
    command.insert(command.end(), script.begin(), script.end());
    return Pty{command};
}

// Of the last listener that a log tells of.
std::string last_port(const Path& log) {
    const std::string all = read_file(log);
    const std::string_view head = "listening on 127.0.0.1:";
    const std::size_t at = all.rfind(head) + head.size();
    return all.substr(at, all.find('\n', at) - at);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("make run on a taken port tells the way out and neither daemon runs on") {
        const TempDir folder;
        const common::Fd taken = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
        const std::string port = std::to_string(common::local_address(taken.get()).port());
        for (const Words& ports : {Words{port, "0"}, Words{"0", port}}) {
            const Result result = try_in(folder.path(), run_script(ports));
            CHECK(result.status == 1);
            CHECK(result.err.find("Address already in use") != std::string::npos);
            CHECK(result.err.find(way_out) != std::string::npos);
        }
        const Result wrong = try_in(folder.path(), run_script({"ftp", "0"}));
        CHECK(wrong.status == 64);
        CHECK(wrong.err.find(way_out) != std::string::npos);
    }

    TEST_CASE("make run ends when its console is told to quit") {
        const TempDir folder;
        Pty terminal = run_both(folder);
        terminal.wait_for("A line typed here is announced to everybody");
        terminal.type("quit\ryes\r");
        CHECK(terminal.wait() == 0);
        CHECK(terminal.screen().find("chatd has two rooms on 127.0.0.1") != std::string::npos);
    }

    TEST_CASE("make run ends with status 0 at Ctrl-C and has served TLS before") {
        const TempDir folder;
        Pty terminal = run_both(folder);
        terminal.wait_for("A line typed here is announced to everybody");
        const Path place = folder / "build/run-0-0";
        if (std::filesystem::exists(place / "own.pem")) {
            const std::string shown = run_in(folder.path(), {"openssl", "x509", "-in", place / "own.pem",
                                                             "-noout", "-fingerprint", "-sha256"});
            CHECK(terminal.screen().find(shown.substr(shown.find('=') + 1, 95)) != std::string::npos);
            CHECK(run_in(folder.path(), {"curl", "-sS", "--ssl-reqd", "--cacert", place / "own.pem",
                                         "ftp://127.0.0.1:" + last_port(place / "ftpd.log") + "/README.txt"})
                      .starts_with("Welcome."));
            CHECK(run_client({find_program("fls"), "--tls", "--ca-file", place / "own.pem", "-P",
                              last_port(place / "ftpd.log"), "127.0.0.1:"})
                      .out.starts_with("README.txt"));
            Process guest{{"openssl", "s_client", "-quiet", "-CAfile", place / "own.pem", "-connect",
                           "127.0.0.1:" + last_port(place / "chatd.log")}};
            guest.out().wait_for("Your name: ");
        }
        terminal.type("\x03");
        CHECK(terminal.wait() == 0);
    }

    TEST_CASE("make run ends when one of its daemons does") {
        const TempDir folder;
        for (const bool ends_ftpd : {true, false}) {
            Pty terminal = run_both(folder);
            terminal.wait_for("A line typed here is announced to everybody");
            const Path place = folder / "build/run-0-0";
            const std::string pid = read_file(ends_ftpd ? place / "state/lock" : place / "chatd.pid");
            ::kill(std::stoi(pid), SIGTERM);
            terminal.wait();
        }
    }
}
