// SPDX-License-Identifier: ISC
// Bad input costs at most the client that sent it, and gets a clear error or a clean close.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <poll.h>
#include <sys/socket.h>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

constexpr std::size_t mebibyte = 1 << 20;

bool is_reply_line(std::string_view line) {
    const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
    return line.size() > 3 && std::ranges::all_of(line.substr(0, 3), is_digit) &&
           (line[3] == ' ' || line[3] == '-');
}

// No session was ended by a signal or an error, and new clients are served.
void check_unharmed(const Daemon& daemon) {
    daemon.wait_until_idle();
    FtpClient next = connect_logged_in(daemon);
    next.command("NOOP", 200);
    const std::string log = daemon.log();
    CHECK(log.find(" signal ") == log.npos);
    CHECK(log.find(" exit 1 ") == log.npos);
    CHECK(log.find("not accepting") == log.npos);
    CHECK(stat_of(daemon, "clients") == 1);
    if (have_proc()) CHECK(children_of(daemon.main_pid()).size() == 1);
}

// A client's way up to a point, at which its connection is reset.
struct Stage {
    const char* name;
    std::function<void(FtpClient&)> go;
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a line of a mebibyte gets one error and the session goes on") {
        const Daemon daemon;
        for (const std::string end : {"\r\n", "\n"}) {
            FtpClient client{daemon};
            client.send(std::string(mebibyte, 'x'));
            client.send(end);
            CHECK(client.expect(500).find("nothing was done") != std::string::npos);
            client.command("NOOP", 200);
            client.send("RETR " + std::string(mebibyte, '/') + end);
            client.expect(500);
            client.command("NOOP", 200);
            CHECK_FALSE(client.has_input());
        }
        check_unharmed(daemon);
    }

    TEST_CASE("a line of a mebibyte without an end is a clean close") {
        const Daemon daemon;
        FtpClient client{daemon};
        client.send(std::string(mebibyte, 'x'));
        client.half_close();
        CHECK(client.read_to_end().empty());
        check_unharmed(daemon);
    }

    TEST_CASE("binary garbage gets replies or a close") {
        const Daemon daemon;
        for (unsigned seed = 1; seed <= 8; ++seed) {
            FtpClient client{daemon};
            if (seed % 2 == 0) client.login();
            client.try_send(make_bytes(256 * 1024, seed));
            client.half_close();
            std::string answers;
            try {
                answers = client.read_to_end();
            } catch (const Failure&) {
                continue; // sent away after too many unknown commands, with bytes on their way
            }
            for (const std::string& line : split_lines(answers)) CHECK_MESSAGE(is_reply_line(line), line);
        }
        check_unharmed(daemon);
    }

    TEST_CASE("a connection that is reset ends its session whatever it was doing") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        make_endless_file(daemon.files() / "endless");
        const Stage stages[] = {
            {"at the greeting", [](FtpClient&) {}},
            {"in a line", [](FtpClient& client) { client.send("NOO"); }},
            {"after USER", [](FtpClient& client) { client.command("USER ftp", 331); }},
            {"logged in", [](FtpClient& client) { client.login(); }},
            {"after EPSV", [](FtpClient& client) { client.login().command("EPSV", 229); }},
            {"waiting for data",
             [](FtpClient& client) {
                 client.login().command("EPSV", 229);
                 client.command("RETR endless", 150);
             }},
            {"with answers unread",
             [](FtpClient& client) {
                 for (int i = 0; i < 100; ++i) client.send("HELP\r\n");
             }},
            {"in GET", [](FtpClient& client) { client.command("GET endless", 150); }},
            {"in PUT", [](FtpClient& client) { client.command("PUT in-put", 150); }},
            {"in PUT with its length",
             [](FtpClient& client) {
                 client.command("ALLO 1000000", 200);
                 client.command("PUT in-put-2", 150);
                 client.send("some");
             }},
            {"in a refused PUT",
             [](FtpClient& client) {
                 client.command("ALLO 1000000", 200);
                 client.command("PUT /", 550);
                 client.send("some");
             }},
        };
        for (const Stage& stage : stages) {
            INFO(stage.name);
            FtpClient client{daemon};
            const pid_t session = session_of(daemon, client);
            stage.go(client);
            client.reset();
            CHECK(wait_for_end_of(daemon, session) == "exit 0");
        }
        for (const char* command : {"RETR endless", "STOR in-stor"}) {
            INFO(command);
            FtpClient client = connect_logged_in(daemon), other = connect_logged_in(daemon);
            const pid_t session = session_of(daemon, client);
            const Connection data = begin_transfer(client, command);
            client.reset(); // the data connection stays
            CHECK(wait_for_end_of(daemon, session) == "exit 0");

            Connection second = begin_transfer(other, command);
            second.reset(); // the control connection stays
            other.expect(426);
            other.command("NOOP", 200);
        }
        CHECK_FALSE(std::filesystem::exists(daemon.files() / "in-put"));
        check_unharmed(daemon);
    }

    TEST_CASE("a client that sends commands and never reads holds up nobody and costs nothing when it goes") {
        const Daemon daemon;
        FtpClient client{daemon}, other{daemon};
        client.set_receive_buffer(1);
        const pid_t session = session_of(daemon, client);
        const std::string helps = "HELP\r\nHELP\r\nHELP\r\n";
        // Full for a while means that the session reads no more: it waits to be read itself.
        pollfd room{client.fd(), POLLOUT, 0};
        while (::poll(&room, 1, 1000) > 0)
            if (::send(client.fd(), helps.data(), helps.size(), MSG_DONTWAIT) == -1) break;
        const std::size_t before = resident_bytes(session);
        other.command("NOOP", 200);
        CHECK(resident_bytes(session) == before);
        if (!is_sanitized()) CHECK(resident_bytes(session) < 64 * mebibyte);
        client.reset();
        CHECK(wait_for_end_of(daemon, session) == "exit 0");
        other.close();
        check_unharmed(daemon);
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("ten thousand connects and closes leave nothing behind") {
        constexpr int connects = 10000;
        const Daemon daemon;
        for (int i = 0; i < connects; ++i) {
            Connection client{daemon.port()};
            switch (i % 4) {
            case 0: client.close(); break;
            case 1: client.reset(); break;
            case 2: client.send("NOOP\r\nNO"), client.reset(); break;
            default: client.expect(220), client.reset();
            }
        }
        check_unharmed(daemon);
        CHECK(stat_of(daemon, "accepted") == connects + 1);
        CHECK(stat_of(daemon, "crashed") == 0);
    }
}
