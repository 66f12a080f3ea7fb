// SPDX-License-Identifier: ISC
// How data connections come about: PASV EPSV PORT EPRT, over IPv4 and IPv6, and who is kept out of them.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/skip.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <poll.h>

using common::Address;
using common::Fd;
using common::resolve_address;
using common::text;
using e2e::Connection;
using e2e::Daemon;
using e2e::DataListener;
using e2e::FtpClient;
using e2e::has_ipv6;

namespace {

const std::string content = "what the file holds";

// A client of the same machine with another address.
Connection connect_from(const std::string& host, const Address& to) {
    const Address from = resolve_address(text(host, ":0")).at(0);
    Fd socket = common::start_connect(to, &from);
    pollfd watched{socket.get(), POLLOUT, 0};
    common::retry([&] { return ::poll(&watched, 1, 10000); });
    REQUIRE(common::connect_error(socket.get()) == 0);
    return Connection{std::move(socket)};
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("RETR works over EPSV and PASV and EPRT and PORT alike") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", content);
        FtpClient client = connect_logged_in(daemon);
        for (const auto* const epsv : {"EPSV", "EPSV 1", "epsv"}) {
            Connection data{e2e::passive_port(client.command(epsv, 229))};
            client.command("RETR file", 150);
            CHECK(data.read_to_end() == content);
            client.expect(226);
        }
        const std::string reply = client.command("PASV", 227);
        CHECK(reply.starts_with("227 Entering Passive Mode (127,0,0,1,"));
        Connection passive{e2e::passive_port(reply)};
        client.command("RETR file", 150);
        CHECK(passive.read_to_end() == content);
        client.expect(226);
        for (const bool extended : {false, true}) {
            DataListener listener{"127.0.0.1"};
            client.command(extended ? "EPRT " + listener.eprt_argument() : "PORT " + listener.port_argument(),
                           200);
            client.command("RETR file", 150);
            CHECK(listener.accept().read_to_end() == content);
            client.expect(226);
        }
    }

    TEST_CASE("each data connection needs its own preparation") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", content);
        FtpClient client = connect_logged_in(daemon);
        for (const auto* const line : {"RETR file", "LIST", "NLST", "MLSD"}) client.command(line, 425);
        CHECK(client.fetch("RETR file") == content);
        for (const auto* const line : {"RETR file", "LIST"}) client.command(line, 425);
        // A second preparation ends the first.
        const std::uint16_t first = e2e::passive_port(client.command("EPSV", 229));
        CHECK(client.fetch("RETR file") == content);
        CHECK_THROWS(Connection{first});
    }

    TEST_CASE("a transfer waits for a client that connects only after 150") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", content);
        FtpClient client = connect_logged_in(daemon);
        const std::uint16_t port = e2e::passive_port(client.command("EPSV", 229));
        client.command("RETR file", 150);
        CHECK(Connection{port}.read_to_end() == content);
        client.expect(226);
    }

    TEST_CASE("EPSV tells what is wrong with its argument and EPSV ALL leaves nothing else") {
        const Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.command("EPSV 2", 522) == "522 Network protocol not supported, use (1).");
        for (const auto* const other : {"EPSV 3", "EPSV 9", "EPSV 0", "EPSV 2 "})
            CHECK(client.command(other, 522) == "522 Network protocol not supported, use (1).");
        for (const auto* const wrong : {"EPSV x", "EPSV 1 2", "EPSV -1", "EPSV  1"})
            client.command(wrong, 501);
        client.command("EPSV 1 ", 229);
        client.command("EPSV ALL", 200);
        client.command("PASV", 503);
        client.command("PORT 127,0,0,1,200,1", 503);
        client.command("EPRT |1|127.0.0.1|51201|", 503);
        CHECK(client.fetch("LIST").empty());
    }

    TEST_CASE("PORT and EPRT lead to the host of the client and to no reserved port") {
        const Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        for (const auto* const foreign :
             {"PORT 127,0,0,2,200,1", "PORT 10,0,0,1,200,1", "PORT 0,0,0,0,200,1", "PORT 127,0,0,1,0,22",
              "PORT 127,0,0,1,3,255", "PORT 127,0,0,1,0,0", "EPRT |1|127.0.0.2|51201|",
              "EPRT |1|127.0.0.1|1023|", "EPRT |1|127.0.0.1|0|", "EPRT |2|::1|51201|",
              "EPRT |2|::ffff:10.0.0.1|51201|"}) {
            CAPTURE(foreign);
            CHECK(client.code_of(foreign) == 504);
            client.command("LIST", 425);
        }
        for (const auto* const wrong : {"PORT 1,2,3,4,5",
                                        "PORT 1,2,3,4,5,6,7",
                                        "PORT 256,0,0,1,200,1",
                                        "PORT 127,0,0,1,,1",
                                        "PORT ,,,,,",
                                        "PORT 127,0,0,1,200,-1",
                                        "PORT a,b,c,d,e,f",
                                        "PORT 127, 0,0,1,200,1",
                                        "EPRT |3|1|2|",
                                        "EPRT |",
                                        "EPRT ||||",
                                        "EPRT |||||",
                                        "EPRT |1|127.0.0.1|51201",
                                        "EPRT |1|127.0.0.1|65536|",
                                        "EPRT |1|127.0.0.1||",
                                        "EPRT |1|localhost|51201|",
                                        "EPRT |2|127.0.0.1|51201|",
                                        "EPRT |1|::1|51201|",
                                        "EPRT |1|127.0.0.1|51201|x",
                                        "EPRT  1 127.0.0.1 51201 "}) {
            CAPTURE(wrong);
            const int code = client.code_of(wrong);
            CHECK((code == 501 || (code == 522 && std::string_view{wrong} == "EPRT |3|1|2|")));
        }
        CHECK(client.command("EPRT |3|127.0.0.1|51201|", 522) ==
              "522 Network protocol not supported, use (1,2).");
        CHECK(client.fetch("LIST").empty());
    }

    TEST_CASE("an active transfer to a port that nobody listens on is 425") {
        const Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        std::string argument;
        {
            const DataListener gone{"127.0.0.1"};
            argument = gone.port_argument();
        }
        client.command("PORT " + argument, 200);
        client.command("LIST", 150);
        client.expect(425);
        CHECK(client.fetch("LIST").empty());
    }

    TEST_CASE("an upload whose data connection never comes leaves all as it was") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        const auto try_to_store = [&](const std::string& name) {
            std::string argument;
            {
                const DataListener gone{"127.0.0.1"};
                argument = gone.port_argument();
            }
            client.command("PORT " + argument, 200);
            client.command("STOR " + name, 150);
            client.expect(425);
        };
        try_to_store("new");
        client.command("SIZE new", 550);
        CHECK(e2e::names_in(daemon.files()).empty());

        e2e::write_shared(daemon.files() / ".ftpd-begun", "half of it");
        try_to_store("begun");
        client.command("SIZE begun", 213);
        CHECK(e2e::read_file(daemon.files() / ".ftpd-begun") == "half of it");
        client.store("STOR begun", "all"); // which begins anew
        CHECK(e2e::read_file(daemon.files() / "begun") == "all");
        CHECK(e2e::names_in(daemon.files()) == e2e::Words{"begun"});
    }

    TEST_CASE("another host on the passive port is dropped and the real client still gets its data") {
        if (!e2e::have_proc()) return tests::skip("only on Linux is 127.0.0.2 ours without a say");
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", content);
        FtpClient client = connect_logged_in(daemon);
        const Address port =
            daemon.addresses().at(0).with_port(e2e::passive_port(client.command("EPSV", 229)));
        Connection thief = connect_from("127.0.0.2", port);
        client.command("RETR file", 150);
        thief.wait_for_end();
        Connection late_thief = connect_from("127.0.0.3", port);
        late_thief.wait_for_end();
        CHECK(Connection{port}.read_to_end() == content);
        client.expect(226);
    }

    TEST_CASE("over IPv6 EPSV and EPRT work and PASV and PORT are refused") {
        if (!has_ipv6()) return tests::skip("there is no IPv6");
        const Daemon daemon{{.lines = {"listen [::1]:0", "anonymous write"}}};
        e2e::write_file(daemon.files() / "file", content);
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.fetch("RETR file") == content);
        Connection data{daemon.addresses().at(0).with_port(e2e::passive_port(client.command("EPSV 2", 229)))};
        client.command("RETR file", 150);
        CHECK(data.read_to_end() == content);
        client.expect(226);
        DataListener listener{"[::1]"};
        client.command("EPRT " + listener.eprt_argument(), 200);
        client.command("RETR file", 150);
        CHECK(listener.accept().read_to_end() == content);
        client.expect(226);
        // As lftp does.
        client.command("EPRT " + listener.eprt_argument().replace(3, 3, "::"), 200);
        client.command("RETR file", 150);
        CHECK(listener.accept().read_to_end() == content);
        client.expect(226);
        client.store("STOR new", content);
        CHECK(e2e::read_file(daemon.files() / "new") == content);
        CHECK(client.command("EPSV 1", 522) == "522 Network protocol not supported, use (2).");
        client.command("PASV", 425);
        client.command("PORT 127,0,0,1,200,1", 504);
        client.command("EPRT |2|::2|51201|", 504);
        client.command("EPRT |2|::1|21|", 504);
        client.command("EPRT |1|127.0.0.1|51201|", 504);
    }

    TEST_CASE("a client over a path's socket has LS and GET and PUT and is told so") {
        const e2e::TempDir folder;
        const e2e::Path path = folder.make_shared("shared") / "socket";
        const Daemon daemon{{.lines = {text("listen unix:", path.native()), "anonymous write"}}};
        e2e::write_file(daemon.files() / "file", content);
        FtpClient client{daemon};
        CHECK(client.get("file") == content);
        client.login();
        client.put("new", content);
        CHECK(e2e::read_file(daemon.files() / "new") == content);
        CHECK(client.command("LS", 213).find(" new\n") != std::string::npos);
        for (const auto* const line :
             {"EPSV", "EPSV ALL", "PASV", "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|51201|"})
            CHECK(client.command(line, 425).find("LS, GET and PUT") != std::string::npos);
        client.command("QUIT", 221);
        CHECK(client.read_to_end().empty());
    }
}
