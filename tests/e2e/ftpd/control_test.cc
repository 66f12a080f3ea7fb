// SPDX-License-Identifier: ISC
// What the daemon tells of its sessions, to ftpctl, to nc and to the log, and that no client can forge it.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <signal.h>
#include <sstream>
#include <sys/socket.h>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

constexpr std::string_view endless_size = "1099511627776";

// The row of `who' for a session: PID CLIENT USER AGE VERB BYTES TLS PATH.
Words row_of(const Daemon& daemon, pid_t session) {
    for (const std::string& line : split_lines(ask(daemon, {"who"}))) {
        std::istringstream words{line};
        Words row;
        for (std::string word; words >> word;) row.push_back(word);
        if (row.at(0) == std::to_string(session)) return row;
    }
    throw Failure{"`who' has no session " + std::to_string(session)};
}

bool has_control_byte(std::string_view bytes) {
    return std::ranges::any_of(
        bytes, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; });
}

// Four bytes that end a line, clear a screen, and pretend to be a session of root.
const std::string hostile = "a\n99999   10.0.0.1:1 root\x1b[2J\rz\x7f";

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("ftpctl who shows who is there and what a running transfer is about") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        make_endless_file(daemon.files() / "endless");
        FtpClient idle{daemon}, fetching = connect_logged_in(daemon), storing = connect_logged_in(daemon);
        const Connection fetched = begin_transfer(fetching, "RETR endless");
        Connection stored = begin_transfer(storing, "STOR new");
        stored.send("12345");

        const Words nobody = row_of(daemon, session_of(daemon, idle));
        CHECK(nobody.at(1) == idle.local().shown());
        CHECK(nobody.at(2) == "-");

        const Words out = row_of(daemon, session_of(daemon, fetching));
        CHECK(out.at(2) == "anonymous");
        CHECK(out.at(3).ends_with('s'));
        CHECK(out.at(4) == "RETR");
        CHECK(out.at(5).ends_with(text('/', endless_size)));
        CHECK(out.at(7) == "/endless");

        const pid_t receiver = session_of(daemon, storing);
        wait_until("five bytes are counted", [&] { return row_of(daemon, receiver).at(5) == "5"; });
        CHECK(row_of(daemon, receiver).at(4) == "STOR");
        CHECK(row_of(daemon, receiver).at(7) == "/new");
        stored.close();
        storing.expect(226);
        wait_until("it is idle again", [&] { return row_of(daemon, receiver).at(4) == "idle"; });
    }

    TEST_CASE("ftpctl shutdown tells the clients why and returns when the next ftpd can start") {
        const TempDir folder;
        const Path state = folder.make_shared("home") / "state";
        const Words ftpctl{"ftpctl", "-s", state / "control", "shutdown"};
        for (int time = 0; time < 5; ++time) {
            Daemon daemon{{.lines = {text("state ", state.native()), "anonymous write"}}};
            FtpClient idle{daemon}, storing = connect_logged_in(daemon);
            Connection stored = begin_transfer(storing, "STOR new");
            Words command = ftpctl;
            command.push_back("back at  ten\x1b");
            const Result answer = run_client(command);
            CHECK(answer.err == "");
            CHECK(answer.status == 0);
            CHECK(idle.expect(421).find("The server is stopping: back at  ten\\x1b") != std::string::npos);
            CHECK(storing.read_to_end().find("The server is stopping: back at  ten") != std::string::npos);
            CHECK(daemon.wait() == 0);
        }
        Daemon daemon{{.lines = {text("state ", state.native())}}};
        FtpClient idle{daemon};
        Words long_one = ftpctl;
        long_one.push_back(std::string(1025, 'x'));
        const Result refused = run_client(long_one);
        CHECK(refused.status == 1);
        CHECK(refused.err.find("1024 bytes at most") != std::string::npos);
        idle.command("NOOP", 200);
        CHECK(run_client(ftpctl).status == 0);
        CHECK(idle.expect(421).find("come back later") != std::string::npos);
        CHECK(daemon.wait() == 0);
    }

    TEST_CASE("stats count what sessions did after they are gone too") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        write_file(daemon.files() / "file", std::string(1000, 'x'));
        FtpClient client = connect_logged_in(daemon), other{daemon};
        client.fetch("RETR file");
        client.store("STOR new", "12345");
        client.command("NOOP", 200); // then it is known that the client has its 226
        other.get("file");
        for (int i = 0; i < 2; ++i) {
            CHECK(stat_of(daemon, "transfers") == 3);
            CHECK(stat_of(daemon, "bytes-sent") == 2000);
            CHECK(stat_of(daemon, "bytes-received") == 5);
            CHECK(stat_of(daemon, "clients") == 2u - 2u * static_cast<unsigned>(i));
            if (i == 1) break;
            client.command("QUIT", 221);
            other.close();
            daemon.wait_until_idle();
        }
        CHECK(stat_of(daemon, "accepted") == 2);
    }

    TEST_CASE("no name that a client sends can forge a line for the administrator") {
        Daemon daemon{{.lines = {"anonymous write"}}};
        make_endless_file(daemon.files() / hostile);
        FtpClient client{daemon};
        client.command("NOOP", 200); // from a first line in CRLF on, a bare LF is data
        client.command("USER " + hostile, 331);
        client.command("PASS " + hostile, 530);
        client.command(hostile, 500);
        client.command("CWD " + hostile, 530);
        client.login();
        client.store("STOR new" + hostile, "some");
        client.command("DELE new" + hostile, 250);
        const Connection data = begin_transfer(client, "RETR " + hostile);

        const std::string who = ask(daemon, {"who"});
        CHECK(split_lines(who).size() == 2); // its heading and the one session
        CHECK_FALSE(has_control_byte(who));
        CHECK(who.find("a\\n99999") != std::string::npos);
        daemon.signal(SIGUSR1);
        daemon.wait_for_log(" RETR ");
        const std::string log = daemon.log();
        CHECK_FALSE(has_control_byte(log));
        for (const std::string& line : split_lines(log))
            CHECK_MESSAGE((line.starts_with("parent[") || line.starts_with("session[")), line);
    }

    TEST_CASE("names that are cut or no text stay harmless in who") {
        const Daemon daemon;
        const std::string name = "\xfe" + std::string(240, '\x9b');
        make_endless_file(daemon.files() / name);
        FtpClient client = connect_logged_in(daemon);
        const Connection data = begin_transfer(client, "RETR " + name);
        const std::string who = ask(daemon, {"who"});
        CHECK(who.find('\xfe') == std::string::npos);
        CHECK(who.find('\x9b') == std::string::npos);
        CHECK(who.find("\\xfe\\x9b") != std::string::npos);
    }

    TEST_CASE("USR1 prints to the log what ftpctl prints") {
        Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        client.command("NOOP", 200);
        wait_until("it is idle", [&] { return row_of(daemon, session_of(daemon, client)).at(4) == "idle"; });
        const std::string prefix = text("parent[", daemon.main_pid(), "]: ");
        const std::size_t before = daemon.log().size();
        daemon.signal(SIGUSR1);
        for (const std::string verb : {"stats", "who"})
            for (const std::string& line : split_lines(ask(daemon, {verb}))) {
                const bool tells_time = line.starts_with("uptime-") || line.find(" anonymous ") != line.npos;
                daemon.wait_for_log(prefix + (tells_time ? line.substr(0, line.find(' ')) : line + "\n"),
                                    before);
            }
    }

    TEST_CASE("nc is enough to use the control socket") {
        const Daemon daemon;
        const FtpClient client{daemon};
        const Result answer =
            run_client({"nc", "-N", "-U", daemon.state() / "control"}, "who\nhelp\nnonsense\n");
        CHECK(answer.status == 0);
        CHECK(answer.out.find(client.local().shown()) != std::string::npos);
        CHECK(answer.out.find("\nok\n help") == std::string::npos);
        CHECK(answer.out.find("\n stats ") != std::string::npos);
        CHECK(answer.out.ends_with("\nerror there is no verb 'nonsense': `help' lists them\n"));
    }

    TEST_CASE("ftpctl says what is wrong when there is no daemon or nothing is asked") {
        Daemon daemon;
        const std::string control = daemon.state() / "control";
        CHECK(run_client({"ftpctl", "-s", control}).status == 64);
        CHECK(run_client({"ftpctl", "-s", control, "who", "more"}).status == 1);
        daemon.kill(); // its socket stays, and nobody is behind it
        const Result gone = run_client({"ftpctl", "-s", control, "who"});
        CHECK(gone.status == 1);
        CHECK(gone.out.empty());
        CHECK(gone.err.find(control) != std::string::npos);
        CHECK(gone.err.find("is the daemon running") != std::string::npos);
    }

    TEST_CASE("a control client that reads nothing holds up nobody") {
        const Daemon daemon;
        const FtpClient client{daemon};
        Connection control{common::Address::of_path((daemon.state() / "control").native())};
        std::string many;
        for (int i = 0; i < 1000; ++i) many += "who\nhelp\nstats\n";
        const auto sent = ::send(control.fd(), many.data(), many.size(), MSG_DONTWAIT);
        CHECK(sent > 0);
        FtpClient next{daemon};
        next.command("NOOP", 200);
        CHECK(stat_of(daemon, "clients") == 2);
    }
}
