// SPDX-License-Identifier: ISC
// fcp's side of the protocol against servers that no ftpd is: silent, talkative, wrong.
#include "ftpd/inband_client.hh"

#include "common/errors.hh"
#include "tests/e2e/fake_server.hh"

#include <doctest/doctest.h>
#include <poll.h>

using namespace e2e;
using namespace std::string_literals;
using ftpd::InBandClient;

namespace {

constexpr std::chrono::milliseconds short_patience{100};

InBandClient connect_to_fake(const FakeServer& server) {
    return InBandClient{std::vector{server.address()}, short_patience};
}

// What it throws when the server conducts itself like this from the first byte on.
template <class Use>
std::string fault(FakeServer::Conduct conduct, Use use) {
    FakeServer server{std::move(conduct)};
    try {
        InBandClient client = connect_to_fake(server);
        use(client);
    } catch (const common::PeerError& error) {
        return error.what();
    }
    return "nothing";
}

std::string greeting_fault(FakeServer::Conduct conduct) {
    return fault(std::move(conduct), [](InBandClient&) {});
}

std::string listing_fault(const std::string& answer) {
    return fault(
        [&](Connection& client) {
            FakeServer::greet(client);
            client.read_line();
            client.send(answer);
        },
        [](InBandClient& client) { client.list("", [](auto) {}); });
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a server that says nothing is given up in time") {
        CHECK(greeting_fault([](Connection& client) { client.wait_for_end(); }) ==
              "the server has been silent for 1 seconds");
    }

    TEST_CASE("a server that drips its line is given up in time") {
        CHECK(greeting_fault([](Connection& client) {
                  pollfd gone{client.fd(), POLLIN, 0};
                  while (::poll(&gone, 1, 10) == 0) client.send("2");
              }) == "the server is too slow to wait for");
    }

    TEST_CASE("a server that takes nothing is given up in time") {
        CHECK(fault(
                  [](Connection& client) {
                      FakeServer::greet(client);
                      client.read_line();
                      client.send("150 Send.\r\n");
                      pollfd gone{client.fd(), 0, 0}; // what was sent stays unread
                      ::poll(&gone, 1, 10'000);
                  },
                  [](InBandClient& client) {
                      client.start_put("x", {});
                      client.send([](std::span<char> into) { return into.size(); });
                  }) == "the server has been silent for 1 seconds");
    }

    TEST_CASE("a greeting of several lines is read to its end") {
        FakeServer server{[](Connection& client) {
            client.send("220-Welcome\r\n221 not yet\r\n220\r\n and more\r\n220 Ready\r\n");
            client.read_line();
            client.send("200 \r\n");
            client.wait_for_end();
        }};
        CHECK_NOTHROW(connect_to_fake(server));
    }

    TEST_CASE("a greeting that is none is told in the server's words") {
        const auto say = [](const std::string& words) {
            return greeting_fault([words](Connection& client) { client.send(words); });
        };
        CHECK(say("421 Too many clients.\r\n") == "Too many clients.");
        CHECK(say("HTTP/1.1 400 Bad \x1b[2J\r\n") ==
              "this is no FTP server: it says HTTP/1.1 400 Bad \\x1b[2J");
        CHECK(say("\r\n") == "this is no FTP server: it says ");
        CHECK(say("230 Hello\r\n") == "unexpected answer from the server: 230 Hello");
        CHECK(say("") == "the server has closed the connection");
        CHECK(say("220") == "the server has closed the connection");
        CHECK(say(std::string(100'000, '2')) == "the server sends a line of more than 65536 bytes");
        std::string endless = "220-\r\n";
        for (int line = 0; line < 2000; ++line) endless += "x\r\n";
        CHECK(say(endless) == "the server's answer does not end");
    }

    TEST_CASE("a listing comes line by line as it was sent") {
        FakeServer server{[](Connection& client) {
            FakeServer::greet(client);
            CHECK(client.read_line() == "LS a b");
            client.send("213-/a b\r\n -rw  x\r\n 213 y\r\n  z\xff\xff\r\n \r\n213 4 entries\r\n");
            client.wait_for_end();
        }};
        std::string lines;
        connect_to_fake(server).list("a b", [&](std::string_view line) { lines.append(line) += '|'; });
        CHECK(lines == "-rw  x|213 y| z\xff||");
    }

    TEST_CASE("a listing that breaks off is no listing") {
        CHECK(listing_fault("213-/\r\n a\r\n") == "the server has closed the connection");
        CHECK(listing_fault("213-/\r\n a\r\n426 Gone.\r\n") == "the server broke off the listing: 426 Gone.");
        CHECK(listing_fault("550 No such folder.\r\n") == "No such folder.");
        CHECK(listing_fault("550-No\r\n550 such folder.\r\n") == "No\\n550 such folder.");
    }
}
