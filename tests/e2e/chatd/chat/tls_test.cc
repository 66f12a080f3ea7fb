// SPDX-License-Identifier: ISC
// chat under TLS: with which servers it goes on, and that it comes back when its connection breaks.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/relay.hh"
#include "tests/e2e/tls_house.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <csignal>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

bool has(const std::string& whole, std::string_view part) { return whole.find(part) != whole.npos; }

// chatd with a listener in the clear and one for TLS, whose certificate proves nothing to this system; and
// clients with a home of their own.
struct Secured {
    Daemon::Setting setting() const {
        Daemon::Setting made =
            chatd_with({"listen 127.0.0.1:0", "listen 127.0.0.1:0 tls", "room lobby", "history-on-join 0",
                        text("certificate ", own.certificate.native(), ' ', own.key.native())});
        made.listeners = 2;
        return made;
    }
    std::uint16_t port() const { return daemon.addresses().at(1).port(); } // for TLS
    Words trusting(const Words& more) const {
        Words command{"chat", "--tls", "--ca-file", own.certificate};
        command.insert(command.end(), more.begin(), more.end());
        return command;
    }
    Words environment() const {
        return {"LC_ALL=C", "TERM=", "XDG_STATE_HOME=", "HOME=" + folder.path().string()};
    }
    Result run(const Words& options, std::string_view input = {}) const {
        Words command{"env"};
        for (const std::string& variable : environment()) command.push_back(variable);
        command.push_back(find_program("chat"));
        command.insert(command.end(), options.begin(), options.end());
        return run_client(command, input);
    }

    // Kills the relay of the only client program.
    void kill_relay() const {
        wait_until("there is one", [&] { return relays_of_clients(own.certificate).size() == 1; });
        ::kill(relays_of_clients(own.certificate).front(), SIGKILL);
    }
    // What was said in the lobby, as lines.
    std::string said_by(std::string_view name) const {
        std::string said;
        const std::string lead = text(name, " say: ");
        for (const std::string& line :
             common::split_lines(chatctl(daemon, {"history", "lobby", "-n", "100000"})))
            if (const std::size_t at = line.find(lead); at != line.npos)
                said += line.substr(at + lead.size()) + '\n';
        return said;
    }

    TempDir folder;
    TestCertificate own = make_certificate(folder, "own");
    Daemon daemon{setting()};
};

// CERT KEY unwrap|close: half a line for one client, with TLS's own end or TCP's alone; prints its port.
constexpr auto one_answer = R"(
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
context.set_alpn_protocols(["irc"])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client = context.wrap_socket(listener.accept()[0], server_side=True)
client.sendall(b"half a li")
if sys.argv[3] == "unwrap":
    client.settimeout(60)
    try:
        client.unwrap()
    except OSError:
        pass
client.shutdown(socket.SHUT_WR)
while client.recv(100):
    pass
)";

// Reads a hello of each client, and goes away: prints its port.
constexpr auto goes_away = R"(
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client = listener.accept()[0]
    client.recv(100)
    client.close()
)";

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("chat --tls asks once for a certificate that proves nothing and then talks") {
        const Secured server;
        ChatClient bob{server.daemon, "bob"};
        const std::string place = text("ada@localhost:", server.port());
        {
            Pty ada{{"chat", "--tls", place, ""}, server.environment()};
            ada.wait_for(text("The certificate of localhost:", server.port(), " proves nothing: "));
            ada.wait_for("(yes/no)? ");
            ada.type("yes\r");
            ada.wait_for("You are in ");
            bob.expect_line("ada joined");
            ada.type("hello\r");
            bob.expect_line("ada say: hello");
            bob.say("hello ada");
            ada.wait_for("bob say: hello ada");
            ada.type("/quit\r");
            CHECK(ada.wait() == 0);
            bob.expect_line("ada left");
        }
        const std::string url = text("chats://eve@localhost:", server.port());
        CHECK(server.run({url}, "from a pipe\n").status == 0);
        bob.expect_line("eve joined");
        bob.expect_line("eve say: from a pipe");
    }

    TEST_CASE("chat --tls refuses what it does not know and what is no TLS") {
        const Secured server;
        const Result unknown = server.run({"--tls", text("eve@localhost:", server.port())}, "hello\n");
        CHECK(unknown.status == 1);
        CHECK(has(unknown.err, "chat: its certificate proves nothing: it is signed by nobody"));
        CHECK(has(unknown.err, "--pin='"));
        const Result plain = server.run({"--tls", text("eve@localhost:", server.daemon.port())}, "hello\n");
        CHECK(plain.status == 1);
        CHECK(has(plain.err, "chat: no TLS: no handshake: "));
        CHECK(server.run({"--pin", "new", "eve@localhost"}).status == 64);
        CHECK(server.run({"--tls", server.folder / "socket"}).status == 64);
        CHECK(has(chatctl(server.daemon, {"who"}), "eve") == false);
        CHECK(
            server.run({"--tls", "--pin", "new", text("eve@localhost:", server.port())}, "hello\n").status ==
            0);
        CHECK(server.run({"--tls", text("eve@localhost:", server.port())}, "hello\n").status == 0);
        CHECK(server.run({"-p", "--tls", text("localhost:", server.port())}, "eve\n\nin lines\n").status ==
              0);
        CHECK(has(chatctl(server.daemon, {"history", "lobby"}), "eve say: in lines\n"));
    }

    TEST_CASE("chat --tls takes its place again when its connection breaks") {
        const Secured server;
        Relay relay{server.port()};
        Pty ada{server.trusting({text("ada@127.0.0.1:", relay.port()), ""}), server.environment()};
        ada.wait_for("You are in ");
        ChatClient bob{server.daemon, "bob"};
        ada.wait_for("bob joined");
        ada.type("half");
        ada.wait_for("half");
        relay.cut_and_close_door();
        ada.wait_for("trying again");
        bob.expect_line("ada left");
        bob.say("meanwhile");
        ada.type(" a line");
        relay.open_door();
        ada.wait_for("chat: connected again");
        ada.wait_for("bob say: meanwhile");
        bob.expect_line("ada joined");
        ada.type("\r");
        bob.expect_line("ada say: half a line");
    }

    TEST_CASE("the lines of a pipe under TLS are said once though its connection breaks") {
        const Secured server;
        Relay relay{server.port()};
        std::string lines;
        constexpr int count = 3000;
        for (int i = 0; i < count; ++i) lines += text("line ", i, '\n');
        Process pipe{server.trusting({text("ada@127.0.0.1:", relay.port())}), {}, server.environment()};
        for (int part = 0; part < 3; ++part) {
            const std::size_t each = lines.size() / 3;
            pipe.write(part == 2 ? lines.substr(2 * each) : lines.substr(part * each, each));
            if (part == 0)
                server.daemon.wait_for_log("enter ada"); // the first one must come about
            else
                relay.wait_for_connections(static_cast<unsigned>(part) + 1);
            if (part < 2) relay.cut();
        }
        pipe.close_input();
        CHECK(pipe.wait() == 0);
        CHECK((server.said_by("ada") == lines));
    }

    TEST_CASE("chat --tls takes its place again when its relay dies and so it does in the handshake") {
        if (!have_proc()) return tests::skip("only /proc shows relays");
        const Secured server;
        Relay between{server.port()};
        Pty ada{server.trusting({text("ada@127.0.0.1:", between.port()), ""}), server.environment()};
        ada.wait_for("You are in ");
        ChatClient bob{server.daemon, "bob"};
        ada.wait_for("bob joined");
        ada.type("half");
        ada.wait_for("half");
        server.kill_relay();
        ada.wait_for("chat: connected again");
        ada.type(" a line\r");
        bob.wait_for_line("ada say: half a line");
        between.cut();
        between.hold_after(Relay::Way::to_client, 600); // of some 1000 of the server's handshake
        between.wait_for_hold();
        server.kill_relay();
        between.go_on();
        ada.type("another\r");
        bob.wait_for_line("ada say: another");
        CHECK(server.said_by("ada") == "half a line\nanother\n");
    }

    TEST_CASE("the lines of a pipe under TLS are said once though its relays die") {
        if (!have_proc()) return tests::skip("only /proc shows relays");
        const Secured server;
        std::string lines;
        for (int part = 0; part < 3; ++part)
            for (int i = 0; i < 1000; ++i) lines += text("line ", part, ' ', i, '\n');
        Process pipe{server.trusting({text("ada@localhost:", server.port())}), {}, server.environment()};
        std::size_t logged = 0;
        for (std::size_t part = 0; part < 3; ++part) {
            logged = server.daemon.wait_for_log("enter ada", logged);
            if (part > 0) server.kill_relay();
            pipe.write(lines.substr(part * lines.size() / 3, lines.size() / 3));
            if (part == 0) server.kill_relay();
        }
        pipe.close_input();
        CHECK(pipe.wait() == 0);
        CHECK((server.said_by("ada") == lines));
    }

    TEST_CASE("chat --tls whose first relay dies in the handshake says so and has said nothing") {
        if (!have_proc()) return tests::skip("only /proc shows relays");
        const Secured server;
        for (const bool is_program : {false, true}) {
            Relay between{server.port()};
            between.hold_after(Relay::Way::to_client, 600);
            Process pipe{server.trusting({text("ada@127.0.0.1:", between.port())}), {}, server.environment()};
            pipe.write("hello\n");
            pipe.close_input();
            between.wait_for_hold();
            if (is_program)
                pipe.signal(SIGKILL);
            else
                server.kill_relay();
            between.go_on();
            const int status = pipe.wait();
            if (!is_program) {
                CHECK(status == 1);
                CHECK(has(pipe.err().text(), "chat: no TLS: suite-tls has ended"));
            }
            wait_until("nothing is left of it", [&] {
                return relays_of_clients(server.own.certificate).empty() &&
                       has(chatctl(server.daemon, {"stats"}), "clients 0\n");
            });
        }
        CHECK(server.said_by("ada").empty());
    }

    TEST_CASE("half a line under TLS is not said when chat or its relay dies") {
        if (!have_proc()) return tests::skip("only /proc shows relays");
        const Secured server;
        ChatClient bob{server.daemon, "bob"};
        for (const bool is_program : {false, true}) {
            CAPTURE(is_program);
            Process eve{server.trusting({"-p", text("localhost:", server.port())}), {}, server.environment()};
            eve.write("eve\n\nfirst\nhalf a li");
            bob.wait_for_line("eve say: first");
            if (is_program)
                eve.signal(SIGKILL);
            else
                server.kill_relay();
            const int status = eve.wait();
            if (!is_program) {
                CHECK(status == 1);
                CHECK(has(eve.err().text(), "chat: the connection to the server is lost"));
            }
            bob.wait_for_line("eve left");
            wait_until("its relay has ended",
                       [&] { return relays_of_clients(server.own.certificate).empty(); });
        }
        CHECK(server.said_by("eve") == "first\nfirst\n");
    }

    TEST_CASE("a pipe under TLS whose first connection is cut in the handshake tries again and says all") {
        const Secured server;
        for (const Relay::Way way : {Relay::Way::to_server, Relay::Way::to_client}) {
            Relay relay{server.port()};
            relay.hold(way);
            Process pipe{server.trusting({text("ada@127.0.0.1:", relay.port())}), {}, server.environment()};
            relay.wait_for_connections(1);
            relay.cut();
            pipe.write("hello\n");
            pipe.close_input();
            CHECK(pipe.wait() == 0);
        }
        const std::string history = chatctl(server.daemon, {"history", "lobby"});
        const std::size_t first = history.find("ada say: hello\n");
        REQUIRE(first != history.npos);
        CHECK(history.find("ada say: hello\n", first + 1) != history.npos);
    }

    TEST_CASE("chat --tls says in plain words that a server goes away in the handshake") {
        const Secured server;
        Process other{{"python3", "-c", goes_away}};
        const std::size_t size = other.out().wait_for("\n") - 1;
        const std::string place = text("ada@localhost:", other.out().text().substr(0, size));
        const std::string words = "chat: no TLS: no handshake: the connection was ";
        const Result pipe = server.run({"--tls", place}, "hello\n"); // after five of them
        CHECK(pipe.status == 1);
        CHECK(has(pipe.err, words));
        Pty person{{"chat", "--tls", place}, server.environment()};
        person.wait_for(words);
        CHECK(person.wait() == 1);
        other.signal(SIGKILL);
        other.wait();
    }

    TEST_CASE("chat --tls does not take a connection that was cut for one that has ended") {
        const Secured server;
        for (const std::string end : {"unwrap", "close"}) {
            CAPTURE(end);
            Process other{{"python3", "-c", one_answer, server.own.certificate, server.own.key, end}};
            const std::size_t size = other.out().wait_for("\n") - 1;
            const std::string port = other.out().text().substr(0, size);
            const Result heard =
                server.run({"--tls", "--ca-file", server.own.certificate, "-p", text("localhost:", port)});
            CHECK(heard.out == "half a li");
            CHECK(heard.status == (end == "unwrap" ? 0 : 1));
            CHECK(other.wait() == 0);
        }
    }

    TEST_CASE("chat --tls does not come back to a server with another certificate") {
        const Secured server, other;
        Relay relay{server.port()};
        Pty ada{{"chat", "--tls", "--pin", "new", text("ada@127.0.0.1:", relay.port()), ""},
                server.environment()};
        ada.wait_for("You are in ");
        relay.lead_to(other.port());
        relay.cut();
        ada.wait_for("HAS CHANGED");
        CHECK(ada.wait() == 1);
        CHECK(has(chatctl(other.daemon, {"who"}), "ada") == false);
    }
}
