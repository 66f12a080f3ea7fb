// SPDX-License-Identifier: ISC
// fcp against servers that lie, break off or never end: the file that was there stays as it was, nothing is
// left beside it, and the exit status says so.
#include "tests/e2e/fake_server.hh"
#include "tests/e2e/harness.hh"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

using namespace e2e;
using namespace std::string_literals;

namespace {

constexpr std::string_view cksum_of_hello = "3287646509"; // printf hello | cksum

Words fcp_command(const FakeServer& server, const std::string& from, const std::string& to) {
    return {"fcp", "-P", std::to_string(server.port()), from, to};
}

std::size_t count_files(const TempDir& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder.path()}, {}));
}

// Up to GET; what x is, nobody may list.
void begin_get(Connection& client) {
    FakeServer::greet(client);
    CHECK(client.read_line() == "SITE MLSD x");
    client.send("550 You may not list.\r\n");
    CHECK(client.read_line() == "GET x");
}

// What fcp says when the server answers GET like this.
std::string fetch_from(const FakeServer::Conduct& answer) {
    const TempDir folder;
    const Path target = folder / "target";
    write_file(target, "old");
    FakeServer server{[&](Connection& client) {
        begin_get(client);
        answer(client);
    }};
    const Result result = run_client(fcp_command(server, "127.0.0.1:x", target));
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK(read_file(target) == "old");
    CHECK(count_files(folder) == 1);
    return result.err;
}

std::string fetch_answer(const std::string& answer) {
    return fetch_from([&](Connection& client) { client.send(answer); });
}

void take_put(Connection& client) {
    FakeServer::greet(client);
    CHECK(client.read_line() == "CWD x");
    CHECK(client.read_line() == "CWD /");
    client.send("550 There is none.\r\n250 At the top.\r\n");
    client.read_line(); // ALLO
    client.send("200 Noted.\r\n");
    client.read_line(); // PUT
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("fcp fetches from whatever server keeps to the protocol") {
        const TempDir folder;
        FakeServer server{[](Connection& client) {
            begin_get(client);
            client.send("150 5 bytes follow\r\nhello226 "s.append(cksum_of_hello).append(" 5 x\r\n"));
            client.wait_for_end();
        }};
        CHECK(run_client(fcp_command(server, "127.0.0.1:x", folder / "target")).status == 0);
        CHECK(read_file(folder / "target") == "hello");
    }

    TEST_CASE("a body that does not match its checksum is not kept") {
        CHECK(fetch_answer("150 5 bytes follow\r\nhello226 1 5 x\r\n") ==
              "fcp: 127.0.0.1:x: damaged on the way: its checksum and size are 3287646509 5 here, but the "
              "server says 1 5 x\n");
        CHECK(fetch_answer("150 5 bytes follow\r\nhello226 3287646509 6 x\r\n").find("damaged") !=
              std::string::npos);
        CHECK(fetch_answer("150 5 bytes follow\r\nhello226 32876465090 5 x\r\n").find("damaged") !=
              std::string::npos);
        CHECK(fetch_answer("150 5 bytes follow\r\nhello226 Done.\r\n").find("damaged") != std::string::npos);
    }

    TEST_CASE("a body that breaks off is not kept") {
        CHECK(fetch_answer("150 10 bytes follow\r\nhello") ==
              "fcp: 127.0.0.1:x: the server broke off: 5 of 10 bytes are missing\n");
        CHECK(fetch_answer("150 5 bytes follow\r\nhello") ==
              "fcp: 127.0.0.1:x: the server has closed the connection\n");
        CHECK(fetch_answer("150 5 bytes follow\r\nhello426 The disk is broken.\r\n") ==
              "fcp: 127.0.0.1:x: The disk is broken.\n");
        CHECK(fetch_from([](Connection& client) {
                  client.send("150 10 bytes follow\r\nhello");
                  client.reset();
              }).find("broke off") != std::string::npos);
    }

    TEST_CASE("answers that are none are not believed") {
        CHECK(fetch_answer("150 Here it comes.\r\nhello") ==
              "fcp: 127.0.0.1: 127.0.0.1:x: the server did not say how many bytes follow: Here it comes.\n");
        CHECK(fetch_answer("150 99999999999999999999999 bytes follow\r\n").find("how many") !=
              std::string::npos);
        CHECK(fetch_answer("150 -1 bytes follow\r\n").find("how many") != std::string::npos);
        CHECK(fetch_answer("\x1b[2J\xfe\r\n") ==
              "fcp: 127.0.0.1: this is not an FTP server: it says \\x1b[2J\\xfe\n");
        CHECK(fetch_answer("550 \x1b]0;owned\a\r\n") == "fcp: 127.0.0.1:x: \\x1b]0;owned\\x07\n");
        CHECK(fetch_from([](Connection& client) {
                  while (client.try_send(std::string(10'000, 'x'))) {
                  }
              }) == "fcp: 127.0.0.1: the server sends a line of more than 65536 bytes\n");
        CHECK(fetch_from([](Connection& client) {
                  while (client.try_send("150-more\r\n")) {
                  }
              }) == "fcp: 127.0.0.1: the server's answer does not end\n");
    }

    TEST_CASE("Ctrl-C leaves no temporary file and the old one as it was") {
        const TempDir folder;
        const Path target = folder / "target";
        write_file(target, "old");
        FakeServer server{[](Connection& client) {
            begin_get(client);
            client.send("150 1000000 bytes follow\r\n" + std::string(500'000, 'x'));
            client.wait_for_end();
        }};
        Pty fcp{fcp_command(server, "127.0.0.1:x", target)};
        fcp.wait_for("%"); // shown after the first bytes have been written
        CHECK(count_files(folder) == 2);
        fcp.type("\x03");
        CHECK(fcp.wait() == 128 + SIGINT);
        CHECK(read_file(target) == "old");
        CHECK(count_files(folder) == 1);
    }

    TEST_CASE("a server that gives up in midst of a file that is sent is heard at once") {
        const TempDir folder;
        const Path file = folder / "file";
        write_file(file, std::string(20'000'000, 'x'));
        FakeServer server{[](Connection& client) {
            take_put(client);
            client.send("150 Send.\r\n");
            client.read_exactly(100'000);
            client.send("552 The disk is full.\r\n");
            client.wait_for_end();
        }};
        const Result result = run_client(fcp_command(server, file, "127.0.0.1:x"));
        CHECK(result.status == 1);
        CHECK(result.err == "fcp: 127.0.0.1:x: The disk is full.\n");
    }

    TEST_CASE("a checksum of what was stored that differs is a failure") {
        const TempDir folder;
        const Path file = folder / "file";
        write_file(file, "hello");
        FakeServer server{[](Connection& client) {
            take_put(client);
            client.send("150 Send.\r\n");
            client.read_exactly(5);
            client.send("226 3287646508 5 x\r\n");
            client.wait_for_end();
        }};
        const Result result = run_client(fcp_command(server, file, "127.0.0.1:x"));
        CHECK(result.status == 1);
        CHECK(result.err.find("damaged on the way") != std::string::npos);
    }

    TEST_CASE("a file that shrinks while it is sent is broken off") {
        const TempDir folder;
        const Path file = folder / "file";
        write_file(file, std::string(50'000'000, 'x')); // more than the sockets' buffers take
        FakeServer server{[&](Connection& client) {
            take_put(client);
            CHECK(::truncate(file.c_str(), 10) == 0);
            client.send("150 Send.\r\n");
            client.wait_for_end();
        }};
        const Result result = run_client(fcp_command(server, file, "127.0.0.1:x"));
        CHECK(result.status == 1);
        CHECK(result.err == "fcp: 127.0.0.1:x: the file has shrunk from 50000000 to 10 bytes while it was "
                            "sent: nothing was stored\n");
    }
}
