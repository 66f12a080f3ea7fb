// SPDX-License-Identifier: ISC
// The end-to-end harness and the runner, tried on small programs of every system: what the other tests rest
// on.
#include "tests/e2e/harness.hh"

#include "common/socket.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

using namespace e2e;

namespace {

// A daemon of shell: says that it listens, and ends on TERM with the status it is given.
Daemon::Setting stand_in(const TempDir& folder, const std::string& end_status) {
    const Path script = folder / "daemon";
    write_file(script, "#!/bin/sh\ntrap 'exit " + end_status +
                           "' TERM\necho \"[$*]\" >&2\necho 'parent[1]: listening on 127.0.0.1:4711' >&2\n"
                           "while :; do read never <\"$0.fifo\"; done\n");
    ::chmod(script.c_str(), 0755);
    ::mkfifo((folder / "daemon.fifo").c_str(), 0600);
    return {.lines = {"max-clients 3"}, .options = {"-v"}, .program = script};
}

std::pair<Connection, Connection> make_connection() {
    const common::Fd listener = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
    Connection client{common::local_address(listener.get())};
    auto accepted = common::accept_from(listener);
    REQUIRE(accepted);
    return {std::move(client), Connection{std::move(accepted->socket), Seconds{1}}};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a program's input and outputs and status are kept apart") {
        const Result result = run_client({"sh", "-c", "cat; echo no >&2; exit 7"}, "some\ninput");
        CHECK(result.out == "some\ninput");
        CHECK(result.err == "no\n");
        CHECK(result.status == 7);
        CHECK(run_client({"sh", "-c", "kill -9 $$"}).status == 128 + SIGKILL);
        CHECK_THROWS_AS(run_client({"/nonexistent"}), std::system_error);
    }

    TEST_CASE("a program that does not end fails its test in time and is killed") {
        Process process{{"sleep", "1000"}};
        CHECK_THROWS_AS(process.wait(Seconds{0}), Failure);
    }

    TEST_CASE("more than a pipe holds goes through a program without a deadlock") {
        const std::string bytes = make_bytes(3'000'000);
        CHECK(run_client({"cat"}, bytes).out == bytes);
        Process cat{{"cat"}};
        cat.write(bytes);
        cat.close_input();
        CHECK(cat.wait() == 0);
        CHECK(cat.out().text() == bytes);
    }

    TEST_CASE("what a program wrote is in its output though who collects it has not come to it yet") {
        Process program{{"sh", "-c", "while read line; do echo \"<$line>\" >&2; echo \"$line\"; done"}};
        std::size_t from = 0;
        for (int line = 0; line < 500; ++line) {
            program.write(std::to_string(line) + "\n");
            from = program.out().wait_for(std::to_string(line) + "\n", from);
            REQUIRE(program.err().text().ends_with("<" + std::to_string(line) + ">\n"));
        }
    }

    TEST_CASE("a child gets the descriptors it was given and no others" * doctest::skip(!have_proc())) {
        CHECK(run_client({"ls", "/proc/self/fd"}).out == "0\n1\n2\n3\n"); // 3: what ls reads them from
    }

    TEST_CASE("keys typed at a terminal are echoed and read") {
        Pty pty{{"sh", "-c", "stty size; read line; echo \"<$line>\"; exit 3"}};
        pty.wait_for("24 80\r\n");
        pty.type("hello\r");
        pty.wait_for("<hello>\r\n");
        CHECK(pty.wait() == 3);
        CHECK(pty.screen().find("hello\r\n<hello>") != std::string::npos);
    }

    TEST_CASE("a daemon is found by its log and stopped by TERM") {
        const TempDir folder;
        Daemon daemon{stand_in(folder, "0")};
        CHECK(daemon.port() == 4711);
        CHECK(daemon.log().find("-o listen 127.0.0.1:0 -o state ") != std::string::npos);
        CHECK(daemon.log().find("-o max-clients 3 -v]\n") != std::string::npos);
        CHECK(is_alive(daemon.pid()));
        CHECK(std::ranges::any_of(children_of(::getpid()), [&](auto& c) { return c.pid == daemon.pid(); }));
        daemon.stop();
        CHECK(!is_alive(daemon.pid()));
    }

    TEST_CASE("a daemon that ends with another status than 0 fails its test") {
        const TempDir folder;
        Daemon daemon{stand_in(folder, "1")};
        CHECK_THROWS_AS(daemon.stop(), Failure);
    }

    TEST_CASE("a daemon that ends before it listens fails its test with its words") {
        CHECK_THROWS_WITH_AS(Daemon({.options = {}, .program = "/bin/false"}),
                             doctest::Contains("ended without `listening on '"), Failure);
    }

    TEST_CASE("lines and replies and raw bytes come apart on a connection") {
        auto [client, server] = make_connection();
        server.send("220-two\r\n 220 lines\r\n220 end\r\nline\n12345rest");
        CHECK(client.expect(220) == "220-two\n 220 lines\n220 end");
        CHECK(client.read_line() == "line");
        CHECK(client.read_exactly(5) == "12345");
        server.half_close();
        CHECK(client.read_to_end() == "rest");
        client.send("500 no\r\n");
        CHECK_THROWS_AS(server.expect(200), Failure);
        CHECK_FALSE(server.has_input());
        client.reset();
        CHECK_THROWS_AS(server.read_to_end(), Failure);
    }

    TEST_CASE("a silent connection fails its test in time") {
        auto [client, server] = make_connection();
        CHECK_THROWS_AS(server.read_line(), Failure);
        CHECK(client.fd() >= 0);
    }

    TEST_CASE("a port is read from the replies of PASV and EPSV") {
        CHECK(passive_port("229 Extended (|||40123|)") == 40123);
        CHECK(passive_port("227 Passive (127,0,0,1,156,187)") == 40123);
        CHECK_THROWS_AS(passive_port("500 no"), Failure);
    }
}
