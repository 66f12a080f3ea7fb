// SPDX-License-Identifier: ISC
// The limits on chatd's clients: at the one for all the next client waits, at others it is told.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <deque>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

TEST_SUITE("e2e") {
    TEST_CASE("at max-clients the next client waits and gets in when one leaves") {
        const Daemon daemon{chatd_with({"max-clients 2"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        Connection third{daemon.port()};
        third.send("carl\n\n");
        CHECK(chatctl(daemon, {"stats"}).find("clients 2\n") != std::string::npos);
        CHECK_FALSE(third.has_input());
        bob.reset();
        ada.expect_lines({"bob joined", "bob left", "carl joined"});
    }

    TEST_CASE("with when-full refuse the next client is told to come later") {
        const Daemon daemon{chatd_with({"max-clients 1", "when-full refuse"})};
        ChatClient ada{daemon, "ada"};
        Connection second{daemon.port()};
        CHECK(second.read_to_end() == "Too many clients (limit 1): try again later.\n");
        ada.close();
        wait_until("there is room again", [&] { // once her handler has ended
            try {
                ChatClient again{daemon, "ada"};
                return true;
            } catch (const Failure&) {
                return false;
            }
        });
    }

    TEST_CASE("a client over its address's limit is told and one below it is let in") {
        const Daemon daemon{chatd_with({"max-per-address 1"})};
        ChatClient ada{daemon, "ada"};
        Connection second{daemon.port()};
        CHECK(second.read_to_end().find('\n') != std::string::npos);
        const std::string end = text("end ", ada.local().shown(), ' ');
        ada.close();
        daemon.wait_for_log(end);
        ChatClient again{daemon, "ada"};
    }

    TEST_CASE("who is in no room in time is told and let go and who is in one stays") {
        const Daemon daemon{chatd_with({"login-timeout 2"})};
        ChatClient ada{daemon, "ada"};
        Connection silent{daemon.port()}, endless{daemon.port()}, named{daemon.port()};
        endless.send("no end of a line");
        named.send("bob\n");
        const std::string told = "You have not entered a room in time: goodbye.\n";
        for (Connection* const client : {&silent, &endless, &named})
            CHECK(client->read_to_end().find(told) != std::string::npos);
        ada.say("/me is here");
        ChatClient late{daemon, "eve"};
        ada.expect_line("eve joined");
    }

    TEST_CASE("the last tenth of max-clients is for addresses with few clients") {
        const Daemon daemon{chatd_with({"max-clients 10"})};
        const auto connect_from = [&](const std::string& host) {
            const auto from = common::resolve_address(host + ":0").at(0);
            return Connection{common::start_connect(daemon.addresses().at(0), &from)};
        };
        std::deque<Connection> clients;
        while (clients.size() < 9) {
            clients.emplace_back(daemon.port());
            clients.back().read_exactly(std::string_view{"Your name: "}.size());
        }
        Connection refused{daemon.port()};
        CHECK(refused.read_to_end() ==
              "Nearly full (limit 10): there is no room for more than 3 connections from 127.0.0.1: close "
              "one or try again later.\n");
        CHECK(connect_from("127.0.0.2").read_exactly(9) == "Your name");
    }

    TEST_CASE("a client that says nothing for idle-timeout is told and let go") {
        const Daemon daemon{chatd_with({"idle-timeout 1"})};
        ChatClient ada{daemon, "ada"};
        ada.expect_line("You have said nothing for 1 seconds: goodbye.");
        CHECK(ada.read_to_end().empty());
    }
}
