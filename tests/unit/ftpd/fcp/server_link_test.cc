// SPDX-License-Identifier: ISC
// fcp's side of the connection against servers that no ftpd is: silent, talkative, wrong.
#include "ftpd/fcp/server_link.hh"

#include "common/errors.hh"
#include "tests/e2e/fake_server.hh"

#include <doctest/doctest.h>
#include <poll.h>

using e2e::Connection;
using e2e::FakeServer;
using ftpd::parse_stated_sum;
using ftpd::Reply;
using ftpd::ServerLink;
using ftpd::words_of;

namespace {

constexpr std::chrono::milliseconds short_patience{2000}; // of tests in which it ends

// The first reply, or what is thrown, when the server conducts itself like this from the first byte on.
std::string first_reply(FakeServer::Conduct conduct, std::chrono::milliseconds patience = e2e::patience) {
    FakeServer server{std::move(conduct)};
    try {
        ServerLink link{std::vector{server.address()}, patience};
        const Reply reply = link.read_reply();
        return std::to_string(reply.code) + ' ' + reply.text;
    } catch (const common::PeerError& error) {
        return error.what();
    }
}

std::string answer_to(const std::string& words) {
    return first_reply([words](Connection& client) { client.send(words); });
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a server that says nothing is given up in time") {
        CHECK(first_reply([](Connection& client) { client.wait_for_end(); }, short_patience) ==
              "the server has been silent for 2 seconds");
    }

    TEST_CASE("a server that drips its line is given up in time") {
        CHECK(first_reply(
                  [](Connection& client) {
                      pollfd gone{client.fd(), POLLIN, 0};
                      while (::poll(&gone, 1, 10) == 0) client.send("2");
                  },
                  short_patience) == "the server is too slow to wait for");
    }

    TEST_CASE("a reply of several lines is read to its end") {
        CHECK(answer_to("220-Welcome\r\n221 not yet\r\n220\r\n and more\r\n220 Ready\r\n") ==
              "220 Welcome\n221 not yet\n220\n and more\n220 Ready");
        CHECK(answer_to("220 \xff\xff\r\n") == "220 \xff"); // telnet under FTP
    }

    TEST_CASE("what is no reply is told in the server's words") {
        CHECK(answer_to("HTTP/1.1 400 Bad \x1b[2J\r\n") ==
              "this is not an FTP server: it says HTTP/1.1 400 Bad \\x1b[2J");
        CHECK(answer_to("\r\n") == "this is not an FTP server: it says ");
        CHECK(answer_to("") == "the server has closed the connection");
        CHECK(answer_to("220") == "the server has closed the connection");
        CHECK(answer_to(std::string(100'000, '2')) == "the server sends a line of more than 65536 bytes");
        std::string endless = "220-\r\n";
        for (int line = 0; line < 2000; ++line) endless += "x\r\n";
        CHECK(answer_to(endless) == "the server's answer does not end");
    }

    TEST_CASE("words of a refusal are escaped and those of another code say that it is out of place") {
        CHECK(words_of({550, "No\n550 \x1b[2J"}) == "No\\n550 \\x1b[2J");
        CHECK(words_of({230, "Hello"}) == "unexpected answer from the server: 230 Hello");
    }

    TEST_CASE("a sum is what cksum prints and nothing else") {
        CHECK(parse_stated_sum("3287646509 5 x y")->shown == "3287646509 5");
        CHECK(parse_stated_sum("3287646509 5 x")->size == 5);
        CHECK(parse_stated_sum("0 0")->size == 0);
        for (const char* const text : {"", "1", "a 5 x", "1 b x", "4294967296 5 x", " 1 2", "1  2", "-1 2"})
            CHECK(!parse_stated_sum(text));
    }
}
