// SPDX-License-Identifier: ISC
// idle-timeout and login-timeout: who is silent, or does not come in, is told and sent away, and who
// transfers is not silent.
#include "tests/e2e/observe.hh"

#include <array>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

using namespace e2e;

namespace {

constexpr std::size_t file_size = 24 << 20; // more than a connection's buffers hold

const Daemon::Setting one_second{.lines = {"idle-timeout 1", "anonymous write"}};

// A client that says nothing measures the time.
void let_a_second_pass(const Daemon& daemon) {
    FtpClient client{daemon};
    CHECK(client.expect(421).find("1 seconds") != std::string::npos);
    CHECK(client.read_to_end().empty());
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a client that is silent is told and sent away") {
        const Daemon daemon{one_second};
        FtpClient logged_in = connect_logged_in(daemon);
        let_a_second_pass(daemon);
        logged_in.expect(421);
        CHECK(logged_in.read_to_end().empty());
        daemon.wait_until_idle();
    }

    TEST_CASE("a transfer is never idle and the silence begins anew after it") {
        const Daemon daemon{one_second};
        const std::string bytes = make_bytes(file_size);
        write_file(daemon.files() / "file", bytes);
        FtpClient fetching = connect_logged_in(daemon), storing = connect_logged_in(daemon);
        FtpClient getting{daemon}, putting{daemon};
        Connection fetched = begin_transfer(fetching, "RETR file");
        Connection stored = begin_transfer(storing, "STOR new");
        getting.command("GET file", 150);
        putting.command("ALLO 4", 200);
        putting.command("PUT other", 150);

        let_a_second_pass(daemon);

        CHECK(fetched.read_to_end() == bytes);
        fetching.expect(226);
        stored.send("data");
        stored.close();
        storing.expect(226);
        CHECK(getting.read_exactly(file_size) == bytes);
        getting.expect(226);
        putting.send("data");
        putting.expect(226);
        for (FtpClient* client : {&fetching, &storing, &getting, &putting}) client->expect(421);
    }

    TEST_CASE("bytes without a line's end keep nobody alive") {
        const Daemon daemon{one_second};
        FtpClient client{daemon};
        pollfd answer{client.fd(), POLLIN, 0};
        constexpr int pause = 50, most = 400; // milliseconds, and times: far more than the timeout
        int sent = 0;
        for (; sent < most && ::poll(&answer, 1, pause) == 0; ++sent) client.send("x");
        CHECK(sent < most);
        client.expect(421);
    }

    TEST_CASE("who has not come in in time is told whatever it sends and who has stays") {
        const Daemon daemon{{.lines = {"login-timeout 3", "anonymous write"}}};
        const std::string bytes = make_bytes(file_size);
        write_file(daemon.files() / "file", bytes);
        FtpClient logged_in = connect_logged_in(daemon), listing{daemon}, getting{daemon};
        listing.command("LS", 213);
        getting.command("GET file", 150); // and takes nothing yet
        FtpClient silent{daemon}, busy{daemon};
        std::string told;
        for (const auto until = std::chrono::steady_clock::now() + patience;
             !told.starts_with("421") && std::chrono::steady_clock::now() < until;) {
            busy.send("NOOP\r\n");
            told = busy.read_line();
        }
        CHECK(told == "421 You have not logged in, nor listed, fetched or stored anything, within 3 seconds: "
                      "closing.");
        CHECK(silent.expect(421) == told);
        CHECK(silent.read_to_end().empty());
        logged_in.command("NOOP", 200);
        listing.command("NOOP", 200);
        CHECK(getting.read_exactly(file_size) == bytes);
        getting.expect(226);
        getting.command("NOOP", 200);
    }

    TEST_CASE("neither slow reading nor a refused body gives more time to who has not come in") {
        const Daemon daemon{{.lines = {"login-timeout 2", "anonymous no"}}};
        FtpClient reading{daemon}, sending{daemon};
        reading.set_receive_buffer(4096); // so that the session has to wait for it
        std::string questions;
        for (int help = 0; help < 1500; ++help) questions += "HELP\r\n";
        reading.send(questions);
        sending.command("ALLO 1000000000", 200);
        sending.send("PUT file\r\n");
        sending.expect(530);
        const auto ended = [&] {
            const std::string log = daemon.log();
            const std::size_t first = log.find("end pid ");
            return first != log.npos && log.find("end pid ", first + 1) != log.npos;
        };
        std::array<char, 1024> some{};
        for (const auto until = std::chrono::steady_clock::now() + patience;
             !ended() && std::chrono::steady_clock::now() < until;) {
            sending.try_send("x");
            pollfd answer{reading.fd(), POLLIN, 0};
            ::poll(&answer, 1, 20);
            ::recv(reading.fd(), some.data(), some.size(), MSG_DONTWAIT);
            ::poll(nullptr, 0, 20); // slowly
        }
        CHECK(ended());
    }

    TEST_CASE("commands keep a client alive") {
        const Daemon daemon{{.lines = {"idle-timeout 3"}}};
        FtpClient silent{daemon}, client{daemon};
        pollfd told{silent.fd(), POLLIN, 0};
        while (::poll(&told, 1, 100) == 0) client.command("NOOP", 200);
        silent.expect(421);
        client.command("NOOP", 200);
        client.expect(421);
    }

    TEST_CASE("idle-timeout 0 sends nobody away") {
        const Daemon daemon{{.lines = {"idle-timeout 0"}}};
        const Daemon clock{one_second};
        FtpClient client{daemon};
        let_a_second_pass(clock);
        client.command("NOOP", 200);
    }
}
