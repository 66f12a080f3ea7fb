// SPDX-License-Identifier: ISC
// What the configuration says of data connections: passive-ports, passive-address and the two time-outs.
#include "tests/e2e/observe.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <set>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

// So many ports in a row that are free now, and will be: the system hands out none of these, and each test
// process looks elsewhere.
std::uint16_t find_free_ports(unsigned count) {
    constexpr unsigned least = 10000, most = 30000;
    const unsigned start = least + static_cast<unsigned>(::getpid()) * 64 % (most - least);
    for (unsigned tried = 0; tried < most - least; tried += count) {
        const unsigned first = least + (start - least + tried) % (most - least);
        try {
            std::vector<common::Fd> taken;
            for (unsigned i = 0; i < count; ++i)
                taken.push_back(
                    common::listen_on(common::resolve_address(text("127.0.0.1:", first + i)).at(0)));
            return static_cast<std::uint16_t>(first);
        } catch (const std::system_error&) {
        }
    }
    throw Failure{"no free ports"};
}

std::string fault_of(const std::string& line) {
    const TempDir folder;
    const Result result = run_client({"ftpd", "-n", "-o", line});
    CHECK(result.status == 1);
    return result.err;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("passive ports come from the configured range and a full one is told") {
        const std::uint16_t first = find_free_ports(3);
        const Daemon daemon{{.lines = {text("passive-ports ", first, '-', first + 2)}}};
        std::vector<FtpClient> clients;
        std::set<int> ports;
        for (const char* const verb : {"EPSV", "PASV", "EPSV"}) {
            clients.push_back(connect_logged_in(daemon));
            ports.insert(passive_port(clients.back().command(verb, verb[0] == 'E' ? 229 : 227)));
        }
        CHECK(ports == std::set<int>{first, first + 1, first + 2});
        FtpClient fourth = connect_logged_in(daemon);
        CHECK(fourth.command("EPSV", 425) == text("425 All ports from ", first, " to ", first + 2,
                                                  " are in use: try again later, or use LS, GET and PUT."));
        clients[0].command("EPSV", 229); // gives its own up for it
        clients.pop_back();
        wait_until("a port is free again", [&] { return fourth.code_of("EPSV") == 229; });
        write_file(daemon.files() / "file", "content");
        clients.clear();
        CHECK(fourth.fetch("RETR file") == "content");
    }

    TEST_CASE("without passive-ports a port of those for passing use is guessed") {
        const Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        std::set<int> ports;
        for (int i = 0; i < 10; ++i) ports.insert(passive_port(client.command("EPSV", 229)));
        CHECK(*ports.begin() >= 49152);
        CHECK(ports.size() > 1);
    }

    TEST_CASE("PASV tells passive-address and EPSV needs none") {
        const Daemon daemon{{.lines = {"passive-address 203.0.113.9", "connect-timeout 1"}}};
        write_file(daemon.files() / "file", "content");
        FtpClient client = connect_logged_in(daemon);
        const std::string reply = client.command("PASV", 227);
        CHECK(reply.starts_with("227 Entering Passive Mode (203,0,113,9,"));
        Connection data{passive_port(reply)}; // the one of this machine
        client.command("RETR file", 150);
        CHECK(data.read_to_end() == "content");
        client.expect(226);
        CHECK(client.fetch("RETR file") == "content");
        const std::uint16_t port = passive_port(client.command("PASV", 227));
        client.command("RETR file", 150);
        CHECK(client.expect(425) == text("425 Nobody reached 203.0.113.9:", port,
                                         " in 1 s; you connected to 127.0.0.1: set passive-address"));
        client.command("NOOP", 200);
    }

    TEST_CASE("a data connection that nobody makes is explained when connect-timeout is over") {
        const Daemon daemon{{.lines = {"connect-timeout 1", "anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        const std::uint16_t port = passive_port(client.command("EPSV", 229));
        client.command("STOR file", 150);
        const std::string reply = client.expect(425);
        CHECK(reply.starts_with(text("425 Nobody reached 127.0.0.1:", port,
                                     " in 1 s; you connected to 127.0.0.1 from 127.0.0.1: ")));
        CHECK(reply.find("passive-ports") != reply.npos);
        CHECK(client.store("STOR file", "content").starts_with("226 "));
    }

    TEST_CASE("a transfer that stands still ends after stall-timeout and the session goes on") {
        const Daemon daemon{{.lines = {"stall-timeout 1", "anonymous write"}}};
        make_endless_file(daemon.files() / "endless");
        FtpClient client = connect_logged_in(daemon);
        Connection unread = begin_transfer(client, "RETR endless");
        CHECK(client.expect(426) ==
              "426 You have taken no data for 1 seconds: the data connection is closed.");
        unread.wait_for_end();
        Connection unsent = begin_transfer(client, "STOR new");
        unsent.send("half");
        CHECK(client.expect(426) ==
              "426 You have sent no data for 1 seconds: the data connection is closed.");
        client.command("REST 4", 350);
        client.store("STOR new", " and half");
        CHECK(read_file(daemon.files() / "new") == "half and half");
    }

    TEST_CASE("in band a client that stands still is gone after stall-timeout") {
        const Daemon daemon{{.lines = {"stall-timeout 1", "anonymous write"}}};
        make_endless_file(daemon.files() / "endless");
        FtpClient getting{daemon}, putting{daemon};
        getting.command("GET endless", 150);
        putting.command("ALLO 10", 200);
        putting.command("PUT new", 150);
        putting.wait_for_end();
        daemon.wait_until_idle();
        getting.wait_for_end();
    }

    TEST_CASE("ftpd says what is wrong with the directives about data connections") {
        CHECK(run_client({"ftpd", "-n", "-o", "passive-ports 40000"}).status == 0); // a range of one
        CHECK(fault_of("passive-ports 5000-4000").find("write one like 40000-40999") != std::string::npos);
        for (const char* const wrong : {"0-10", "1-70000", "x-y", "1-", "-5", "", "1-2-3"})
            CHECK(fault_of(text("passive-ports '", wrong, "'")).find("is not a range of ports") !=
                  std::string::npos);
        for (const char* const wrong : {"example.org", "::1", "1.2.3", "1.2.3.4:5", "1.2.3.400"})
            CHECK(fault_of(text("passive-address ", wrong)).find("is not an IPv4 address") !=
                  std::string::npos);
        for (const char* const name : {"connect-timeout", "stall-timeout"})
            for (const char* const wrong : {"0", "-1", "x", "1000001"})
                CHECK(fault_of(text(name, ' ', wrong)).find("is not a length of time from ") !=
                      std::string::npos);
    }

    TEST_CASE("time-outs and passive settings of new sessions follow a HUP") {
        const TempDir folder;
        write_file(folder / "conf", "passive-address none\n");
        Daemon daemon{{.options = {"-f", (folder / "conf").native()}}};
        CHECK(connect_logged_in(daemon).command("PASV", 227).find("(127,0,0,1,") != std::string::npos);
        write_file(folder / "conf", "passive-address 192.0.2.1\n");
        const std::size_t before = daemon.log().size();
        daemon.signal(SIGHUP);
        daemon.wait_for_log("configuration read again", before);
        CHECK(connect_logged_in(daemon).command("PASV", 227).find("(192,0,2,1,") != std::string::npos);
    }
}
