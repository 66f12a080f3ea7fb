// SPDX-License-Identifier: ISC
// When replies are written: together where that saves the client a turn, and yet before anything is waited
// for.
#include "tests/e2e/clients.hh"
#include "tests/e2e/observe.hh"

#include "common/errors.hh"

#include <array>
#include <chrono>
#include <doctest/doctest.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <vector>

using namespace e2e;

namespace {

// How long it waits for the client's end of a data connection before it says 226.
constexpr std::chrono::milliseconds patience_of_server{100};

// How many packets with bytes have come so far: one for each of the server's small writes.
unsigned packets_to(const Connection& client) {
    tcp_info info{};
    socklen_t size = sizeof info;
    common::checked("ask", "TCP_INFO",
                    [&] { return ::getsockopt(client.fd(), IPPROTO_TCP, TCP_INFO, &info, &size); });
    return info.tcpi_data_segs_in;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("150 comes before the data in a packet of its own and 226 once the client has closed them") {
        const Daemon daemon;
        write_file(daemon.files() / "empty", "");
        write_file(daemon.files() / "small", "content");
        write_file(daemon.files() / "large", std::string(300'000, 'x'));
        FtpClient client = connect_logged_in(daemon);
        for (const std::string_view type : {"TYPE I", "TYPE A"})
            for (const std::string_view line :
                 {"RETR empty", "RETR small", "RETR large", "LIST", "NLST", "MLSD"}) {
                CAPTURE(line);
                client.command(type, 200);
                Connection data = client.open_data();
                const unsigned before = packets_to(client);
                const auto began = std::chrono::steady_clock::now();
                client.send(std::string{line} + "\r\n");
                data.read_to_end();
                REQUIRE(client.has_input());
                client.expect(150);
                const bool has_226 = client.has_input();
                if (std::chrono::steady_clock::now() - began < patience_of_server) CHECK_FALSE(has_226);
                data.close();
                client.expect(226);
                CHECK(packets_to(client) >= before + 2); // TCP may have sent one twice
            }
    }

    TEST_CASE("a client that keeps its data connections open is waited for only once") {
        const Daemon daemon;
        write_file(daemon.files() / "small", "content");
        FtpClient client = connect_logged_in(daemon);
        const auto began = std::chrono::steady_clock::now();
        std::vector<Connection> kept;
        constexpr int transfers = 100;
        for (int i = 0; i < transfers; ++i) {
            kept.push_back(begin_transfer(client, "RETR small"));
            client.expect(226);
        }
        for (Connection& data : kept) CHECK(data.read_to_end() == "content");
        CHECK(std::chrono::steady_clock::now() - began < transfers * patience_of_server);
    }

    TEST_CASE("a client that connects only when it has 150 gets a small file and an empty one and text") {
        const Daemon daemon;
        write_file(daemon.files() / "small", "a\n");
        write_file(daemon.files() / "empty", "");
        FtpClient client = connect_logged_in(daemon);
        using Case = std::array<std::string_view, 3>;
        for (const auto& [type, name, content] : {Case{"TYPE I", "small", "a\n"}, Case{"TYPE I", "empty", ""},
                                                  Case{"TYPE A", "small", "a\r\n"}}) {
            client.command(type, 200);
            const std::uint16_t port = passive_port(client.command("EPSV", 229));
            client.command(std::string{"RETR "}.append(name), 150);
            CHECK(Connection{port}.read_to_end() == content);
            client.expect(226);
        }
    }

    TEST_CASE("a large file's 150 comes before a client that has connected takes anything of it") {
        const Daemon daemon;
        write_file(daemon.files() / "large", std::string(32 << 20, 'x'));
        FtpClient client = connect_logged_in(daemon);
        Connection data = client.open_data();
        client.command("RETR large", 150);
        CHECK(data.read_to_end().size() == 32 << 20);
        client.expect(226);
    }

    TEST_CASE("a client that has connected hears 150 of STOR before it sends anything") {
        const Daemon daemon{writable()};
        FtpClient client = connect_logged_in(daemon);
        Connection data = client.open_data();
        client.command("STOR file", 150);
        data.send("content");
        data.close();
        client.expect(226);
        CHECK(read_file(daemon.files() / "file") == "content");
    }

    TEST_CASE("answers to commands that came together are written together") {
        const Daemon daemon;
        write_file(daemon.files() / "a", "1");
        FtpClient client{daemon};
        const unsigned before = packets_to(client);
        client.send("GET a\r\nNOOP\r\nGET b\r\nGET a\r\n");
        for (const int code : {150, 200, 550, 150}) {
            client.expect(code);
            if (code != 150) continue;
            CHECK(client.read_exactly(1) == "1");
            client.expect(226);
        }
        CHECK(packets_to(client) == before + 1);
    }

    TEST_CASE("what was said is still written when the next command ends the session") {
        const Daemon daemon;
        for (const char* const last : {"GET / HTTP/1.0", "QUIT"}) {
            FtpClient client{daemon};
            client.send(std::string{"NOOP\r\nNOOP\r\n"} + last + "\r\n");
            client.expect(200);
            client.expect(200);
            client.wait_for_end();
        }
    }
}
