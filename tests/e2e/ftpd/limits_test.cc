// SPDX-License-Identifier: ISC
// The limits on clients: at the one for all the next client waits, at those for an address it is told.
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <deque>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/select.h>

using namespace e2e;
using common::text;

namespace {

Connection connect_from(const Daemon& daemon, const std::string& host) {
    const auto from = common::resolve_address(host + ":0").at(0);
    Connection client{common::start_connect(daemon.addresses().at(0), &from)};
    return client;
}

// After an answer from the daemon, everything that waited for it before was looked at.
void let_the_daemon_look(const Daemon& daemon) { ask(daemon, {"stats"}); }

void allow_descriptors(rlim_t number) {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = std::min(number, limit.rlim_max);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("at max-clients the next client waits and is served when one leaves") {
        const Daemon daemon{{.lines = {"max-clients 2"}}};
        FtpClient first{daemon}, second{daemon};
        Connection third{daemon.port()}, fourth{daemon.port()};
        let_the_daemon_look(daemon);
        CHECK_FALSE(third.has_input());
        CHECK(stat_of(daemon, "clients") == 2);
        first.command("QUIT", 221);
        third.expect(220);
        let_the_daemon_look(daemon);
        CHECK_FALSE(fourth.has_input());
        second.reset();
        fourth.expect(220);
        CHECK(stat_of(daemon, "accepted") == 4);
        CHECK(stat_of(daemon, "refused") == 0);
    }

    TEST_CASE("with when-full refuse the next client is told to come later") {
        const Daemon daemon{{.lines = {"max-clients 1", "when-full refuse"}}};
        FtpClient first{daemon};
        Connection second{daemon.port()};
        CHECK(second.expect(421) == "421 Too many clients (limit 1): try again later.");
        CHECK(second.read_to_end().empty());
        daemon.wait_for_log("refuse " + second.local().shown() + ": Too many clients (limit 1)");
        CHECK(stat_of(daemon, "refused") == 1);
        const pid_t session = session_of(daemon, first);
        first.command("QUIT", 221);
        wait_for_end_of(daemon, session);
        FtpClient next{daemon};
    }

    TEST_CASE("many refusals of one address are summed up in the log") {
        Daemon daemon{{.lines = {"max-per-address 1"}}};
        FtpClient first{daemon};
        constexpr int refused = 60;
        for (int client = 0; client < refused; ++client) {
            Connection one{daemon.port()};
            one.expect(421);
        }
        CHECK(stat_of(daemon, "refused") == refused);
        daemon.stop();
        const std::string log = daemon.log();
        const std::string words = "Too many connections from 127.0.0.1 (limit 1): close one and try again.\n";
        std::size_t lines = 0, told = 0;
        for (std::size_t at = log.find("]: refuse 127.0.0.1"); at != log.npos;
             at = log.find("]: refuse 127.0.0.1", at + 1)) {
            const std::string line = log.substr(at + 3, log.find('\n', at) - at - 2);
            ++lines;
            const std::size_t more = line.find(" more: " + words);
            CHECK(line.ends_with(words));
            const std::size_t number = std::string{"refuse 127.0.0.1: "}.size();
            told += more == line.npos ? 1 : std::stoul(line.substr(number, more - number));
        }
        CHECK(told == refused);
        CHECK(lines >= 2);
        CHECK(lines < refused / 4); // one for each ten seconds, and one more
    }

    TEST_CASE("a client that gave up waiting costs nothing") {
        const Daemon daemon{{.lines = {"max-clients 1"}}};
        FtpClient first{daemon};
        Connection{daemon.port()}.reset();
        Connection{daemon.port()}.close();
        Connection last{daemon.port()};
        first.command("QUIT", 221);
        last.expect(220);
    }

    TEST_CASE("more clients from one address than max-per-address are told so and counted") {
        const Daemon daemon{{.lines = {"max-per-address 2"}}};
        FtpClient first{daemon}, second{daemon};
        Connection third{daemon.port()};
        CHECK(third.expect(421) ==
              "421 Too many connections from 127.0.0.1 (limit 2): close one and try again.");
        CHECK(third.read_to_end().empty());
        Connection elsewhere = connect_from(daemon, "127.0.0.2");
        elsewhere.expect(220);
        CHECK(stat_of(daemon, "refused") == 1);
        CHECK(stat_of(daemon, "clients") == 3);

        const pid_t session = session_of(daemon, first);
        first.command("QUIT", 221);
        wait_for_end_of(daemon, session);
        FtpClient next{daemon};
    }

    TEST_CASE("more clients in a second than connect-rate are told so and come in later") {
        const Daemon daemon{{.lines = {"connect-rate 3"}}};
        const auto greeting = [&] { return Connection{daemon.port()}.read_reply(); };
        std::uint64_t tries = 0, refused = 0;
        // However slow the machine, four come within a second sooner or later.
        wait_until("one is refused", [&] {
            const Reply reply = greeting();
            ++tries;
            if (reply.code == 421) ++refused;
            return reply.text ==
                   "421 Too many connections per second from 127.0.0.1 (limit 3): wait a second and "
                   "try again.";
        });
        Connection elsewhere = connect_from(daemon, "127.0.0.2");
        elsewhere.expect(220);
        wait_until("the second is over", [&] {
            const int code = greeting().code;
            ++tries;
            if (code == 421) ++refused;
            return code == 220;
        });
        CHECK(stat_of(daemon, "refused") == refused);
        CHECK(stat_of(daemon, "accepted") == tries - refused + 1);
    }

    TEST_CASE("the last tenth of max-clients is for addresses with few clients and for sockets of a path") {
        const TempDir folder;
        const std::string path = folder / "socket";
        const Daemon daemon{
            {.lines = {"max-clients 20", "listen 127.0.0.1:0", "listen unix:" + path}, .listeners = 2}};
        std::deque<FtpClient> clients;
        while (clients.size() < 18) clients.emplace_back(daemon);
        Connection refused{daemon.port()};
        CHECK(refused.expect(421) ==
              "421 Nearly full (limit 20): there is no room for more than 3 connections from 127.0.0.1: "
              "close one or try again later.");
        CHECK(refused.read_to_end().empty());
        Connection elsewhere = connect_from(daemon, "127.0.0.2");
        elsewhere.expect(220);
        Connection local{common::Address::of_path(path)};
        local.expect(220);
        CHECK(stat_of(daemon, "clients") == 20);
        CHECK(stat_of(daemon, "refused") == 1);
    }

    TEST_CASE("clients of one network of IPv6 are counted together") {
        if (!has_ipv6()) return tests::skip("there is no IPv6 here");
        const Daemon daemon{{.lines = {"listen [::1]:0", "max-per-address 1"}}};
        Connection first{daemon.addresses().at(0)}, second{daemon.addresses().at(0)};
        first.expect(220);
        CHECK(second.expect(421) ==
              "421 Too many connections from ::/64 (limit 1): close one and try again.");
    }

    TEST_CASE("max-clients 0 means as many as there can be") {
        const Daemon daemon{{.lines = {"max-clients 0"}}};
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        rlim_t descriptors = limit.rlim_max;
        if (backend() == common::Backend::select) descriptors = std::min<rlim_t>(descriptors, FD_SETSIZE);
        const auto most = stat_of(daemon, "max-clients");
        if (descriptors > 16384 + 64) {
            CHECK(most == 16384);
        } else {
            CHECK(most < descriptors);
            CHECK(most > descriptors - 64);
            daemon.wait_for_log(text("max-clients is ", most, ", not 16384"));
        }
        FtpClient client{daemon};
    }

    TEST_CASE("few descriptors mean few clients and the rest waits") {
        const Daemon daemon{{.wrapper = {"prlimit", "--nofile=40:40"}}};
        const auto most = stat_of(daemon, "max-clients");
        CHECK(most > 1);
        CHECK(most < 40);
        daemon.wait_for_log(text("max-clients is ", most, ", not 1000"));
        std::deque<FtpClient> clients;
        while (clients.size() < most) clients.emplace_back(daemon);
        Connection waiting{daemon.port()};
        // The control socket's clients all find room.
        std::deque<Connection> controls;
        for (int i = 0; i < 16; ++i) {
            controls.emplace_back(common::Address::of_path((daemon.state() / "control").native()));
            controls.back().send("stats\n");
            while (controls.back().read_line() != "ok") continue;
        }
        CHECK_FALSE(waiting.has_input());
        clients.pop_front();
        waiting.expect(220);
        CHECK(daemon.log().find("not accepting") == std::string::npos);
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("select serves as many clients as it can watch and the rest waits") {
        allow_descriptors(2048);
        const Daemon daemon{{.lines = {"events select", "max-clients 0"}}};
        const auto most = stat_of(daemon, "max-clients");
        REQUIRE(most < FD_SETSIZE);
        std::deque<FtpClient> clients;
        while (clients.size() < most - most / 10) clients.emplace_back(daemon);
        std::deque<Connection> elsewhere; // the last tenth is for addresses with few clients
        while (clients.size() + elsewhere.size() < most) {
            elsewhere.push_back(connect_from(daemon, text("127.0.0.", 2 + elsewhere.size() / 3)));
            elsewhere.back().expect(220);
        }
        Connection waiting = connect_from(daemon, "127.0.0.254");
        clients.back().command("NOOP", 200);
        let_the_daemon_look(daemon);
        CHECK_FALSE(waiting.has_input());
        clients.front().command("QUIT", 221);
        waiting.expect(220);
        CHECK(stat_of(daemon, "clients") == most);
        CHECK(daemon.log().find("not accepting") == std::string::npos);
    }
}
