// SPDX-License-Identifier: ISC
// suite-tls by itself: what clients and a client's process see of a relay, whatever ends in which way.
#include "common/loop.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/tls_house.hh"
#include "tests/skip.hh"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <poll.h>
#include <unistd.h>

using namespace common;
using namespace e2e;
using namespace std::chrono_literals;

namespace {

Words client_command(const TlsHouse& house, const Words& steps) { return house.client(steps); }

// What it has said once it has ended in order.
std::string end(Process& client) {
    CHECK(client.wait() == 0);
    return client.out().text();
}

bool is_over(const TlsPeer::Connection& told) { return told.end.has_value(); }

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("tls: openssl and a client's process talk through a relay in both versions") {
        for (const KeyKind kind : {KeyKind::ecdsa, KeyKind::rsa, KeyKind::eddsa}) {
            const TempDir folder;
            TlsHouse house{{make_certificate(folder, "one", kind)}};
            for (const int minor : {2, 3}) {
                Process client{{"openssl", "s_client", "-connect", text("127.0.0.1:", house.port()), "-quiet",
                                "-verify_return_error", "-CAfile", house.certificate(), "-servername",
                                "localhost", minor == 2 ? "-tls1_2" : "-tls1_3"}};
                TlsPeer peer = house.serve(house.accept());
                const auto told = peer.wait_until([](const auto& t) { return t.security.has_value(); });
                CHECK(told.security->minor == minor);
                CHECK(!told.security->is_resumed);
                CHECK(told.cipher.find("AES") != std::string::npos);
                client.write("hello\n");
                CHECK(peer.read(6) == "hello\n");
                peer.write("good day\n");
                peer.close_whole();
                CHECK(client.wait() == 0);
                CHECK(client.out().text() == "good day\n");
            }
        }
    }

    TEST_CASE("tls: old clients whose RSA knows no PSS are served under 1.2") {
        const TempDir folder;
        TlsHouse house{{make_certificate(folder, "one", KeyKind::rsa)}};
        Process client{{"openssl", "s_client", "-connect", text("127.0.0.1:", house.port()), "-quiet",
                        "-CAfile", house.certificate(), "-tls1_2", "-sigalgs", "RSA+SHA256"}};
        TlsPeer peer = house.serve(house.accept());
        peer.write("good day\n");
        client.out().wait_for("good day\n");
        peer.close_whole();
        CHECK(client.wait() == 0);
    }

    TEST_CASE("tls: much goes both ways byte for byte") {
        TlsHouse house;
        const std::string bytes = make_bytes(3'000'000);
        Process client{{"openssl", "s_client", "-connect", text("127.0.0.1:", house.port()), "-quiet",
                        "-CAfile", house.certificate()}};
        TlsPeer peer = house.serve(house.accept());
        peer.write(bytes);
        peer.close_whole();
        CHECK(client.wait() == 0);
        CHECK(client.out().text() == bytes);

        Process other{client_command(house, {"connect", "bytes=3000000", "unwrap"})};
        TlsPeer second = house.serve(house.accept());
        CHECK(second.read_to_end() == std::string(3'000'000, 'x'));
        second.close_whole();
        CHECK(end(other) == "TLSv1.3 new\nunwrapped\n");
    }

    TEST_CASE("tls: a stream that ends without the word that it is whole looks cut to the client") {
        for (const bool is_whole : {true, false}) {
            TlsHouse house;
            Process client{client_command(house, {"connect", "count"})};
            TlsPeer peer = house.serve(house.accept());
            peer.wait_until([](const auto& t) { return t.security.has_value(); });
            peer.write(std::string(1000, 'x'));
            if (is_whole)
                peer.close_whole();
            else
                peer.close();
            const std::string said = end(client);
            CHECK(said.find(is_whole ? "1000 clean" : " cut") != std::string::npos);
        }
    }

    TEST_CASE("tls: the end of a client's process resets its connections") {
        TlsHouse house;
        Process client{client_command(house, {"connect", "count"})};
        {
            TlsPeer peer = house.serve(house.accept());
            peer.write(std::string(1000, 'x'));
            client.out().wait_for("new\n");
        }
        CHECK(end(client).find(" cut") != std::string::npos);
    }

    TEST_CASE("tls: a client's end is told before it can be read and so is whether it was clean") {
        struct Case {
            std::string step;
            RelayEnd end;
        };
        for (const Case& one :
             {Case{"unwrap", RelayEnd::clean}, {"close", RelayEnd::bare}, {"reset", RelayEnd::cut}}) {
            TlsHouse house;
            // Under 1.3 a ticket that was not read makes a reset of its close.
            Process client{client_command(house, {"max=1.2", "connect", "send=hello", one.step})};
            TlsPeer peer = house.serve(house.accept());
            if (one.step != "reset") CHECK(peer.read_to_end() == "hello");
            if (one.step == "reset") peer.read_to_end(); // what was on its way may be gone
            peer.link().hear();
            const auto& told = peer.link().connection(control_connection);
            REQUIRE(told.end);
            CHECK(*told.end == one.end);
            CHECK(told.why.empty() == (one.end == RelayEnd::clean));
            peer.close_whole();
            end(client);
        }
    }

    TEST_CASE("tls: a client that ends TCP alone is still sent the answers that it waits for") {
        for (const std::string version : {"1.2", "1.3"}) {
            TlsHouse house;
            Process client{
                client_command(house, {"max=" + version, "connect", "send=hello", "fin", "count"})};
            TlsPeer peer = house.serve(house.accept());
            CHECK(peer.read_to_end() == "hello");
            peer.link().hear();
            CHECK(peer.link().connection(control_connection).end == RelayEnd::bare);
            peer.write("good day");
            peer.close_whole();
            CHECK(end(client).find("\n8 clean\n") != std::string::npos);
        }
    }

    TEST_CASE("tls: an upload's end is answered at once though its stream is still open") {
        TlsHouse house;
        // The second connection is the data connection.
        Process client{client_command(house, {"connect", "read=go", "again", "bytes=100000", "unwrap"})};
        TlsPeer peer = house.serve(house.accept());
        peer.write("go");
        auto data = peer.link().add(RelayDirection::from_client, house.accept());
        const auto told = peer.wait_until(is_over, data.number);
        CHECK(*told.end == RelayEnd::clean);
        CHECK(end(client).find("unwrapped") != std::string::npos);
        std::string all;
        for (std::string piece(65536, '\0');;) {
            wait_readable(data.stream.get());
            const IoResult got = read_some(data.stream.get(), piece);
            if (got.state != IoState::done) break;
            all.append(piece, 0, got.bytes);
        }
        CHECK(all == std::string(100'000, 'x'));
    }

    TEST_CASE("tls: a data connection that resumes is told from one that does not") {
        for (const std::string version : {"1.2", "1.3"}) {
            TlsHouse house;
            Process client{client_command(house, {"max=" + version, "connect", "read=go", "again", "count"})};
            TlsPeer peer = house.serve(house.accept());
            peer.write("go");
            auto data = peer.link().add(RelayDirection::to_client, house.accept());
            const auto told =
                peer.wait_until([](const auto& t) { return t.security.has_value(); }, data.number);
            CHECK(told.security->is_resumed);
            send_some(data.stream.get(), "four");
            peer.link().say_whole(data.number);
            data.stream.reset();
            CHECK(peer.wait_until([](const auto& t) { return t.is_sent; }, data.number).is_sent);
            CHECK(end(client).find("resumed\n4 clean\n") != std::string::npos);
        }
    }

    TEST_CASE("tls: a ticket of one relay is worth nothing at another") {
        TlsHouse house;
        Process client{client_command(house, {"connect", "read=go", "again", "read=go"})};
        TlsPeer first = house.serve(house.accept());
        first.write("go");
        TlsPeer second = house.serve(house.accept());
        second.write("go");
        CHECK(!second.wait_until([](const auto& t) { return t.security.has_value(); }).security->is_resumed);
        CHECK(end(client) == "TLSv1.3 new\nTLSv1.3 new\n");
    }

    TEST_CASE("tls: a client that speaks another protocol or an old version is refused") {
        TlsHouse house;
        struct Case {
            Words options;
            std::uint8_t least_minor;
            bool is_refused;
        };
        for (const Case& one : {Case{{"alpn=http/1.1"}, 2, true},
                                {{"alpn=ftp"}, 2, false},
                                {{"max=1.2"}, 3, true},
                                {{"max=1.2"}, 2, false}}) {
            Words steps = one.options;
            steps.insert(steps.end(), {"connect", "wait"});
            Process client{client_command(house, steps)};
            TlsPeer peer = house.serve(house.accept(), {.least_minor = one.least_minor});
            const auto told =
                peer.wait_until([](const auto& t) { return t.security.has_value() || t.end.has_value(); });
            CHECK(told.security.has_value() != one.is_refused);
            if (one.is_refused) CHECK(told.why.find("no handshake") != std::string::npos);
            peer.close_whole();
            CHECK((end(client).find("refused") != std::string::npos) == one.is_refused);
        }
    }

    TEST_CASE("tls: what is no handshake and one that stops half way end that client alone") {
        TlsHouse house;
        Connection plain{house.port()};
        TlsPeer first = house.serve(house.accept());
        Connection silent{house.port()};
        TlsPeer second = house.serve(house.accept(), {.handshake_limit = 1s});
        plain.send("USER anonymous\r\n");
        CHECK(first.wait_until(is_over).end == RelayEnd::cut);
        plain.wait_for_end();
        silent.send(std::string{"\x16\x03\x01\x02\x00\x01", 6});
        CHECK(second.wait_until(is_over).why.find("no handshake in time") != std::string::npos);
        silent.wait_for_end();
        Process client{client_command(house, {"connect", "read=hello"})};
        TlsPeer third = house.serve(house.accept());
        third.write("hello");
        end(client);
    }

    TEST_CASE("tls: a client under 1.2 that wants to negotiate again is told no and stays") {
        TlsHouse house;
        Process client{{"openssl", "s_client", "-connect", text("127.0.0.1:", house.port()), "-CAfile",
                        house.certificate(), "-tls1_2", "-legacy_renegotiation"}};
        TlsPeer peer = house.serve(house.accept());
        peer.wait_until([](const auto& t) { return t.security.has_value(); });
        client.write("R\n"); // s_client's word for it
        const auto told = peer.wait_until([](const auto& t) { return t.end.has_value(); });
        CHECK(told.end.has_value()); // s_client takes the refusal for an end
        peer.close_whole();
        client.wait();
        Process other{client_command(house, {"connect", "read=c"})};
        TlsPeer next = house.serve(house.accept());
        next.write("c");
        end(other);
    }

    TEST_CASE(
        "tls: a client that takes nothing is let go after its time and one that comes slowly is served") {
        TlsHouse house;
        Process greedy{client_command(house, {"connect", "pause"})};
        TlsPeer peer = house.serve(house.accept(), {.stall_limit = 1s});
        peer.wait_until([](const auto& t) { return t.security.has_value(); });
        try {
            peer.write(std::string(50'000'000, 'x'));
            CHECK(false);
        } catch (const Failure&) {
        }
        CHECK(peer.wait_until([](const auto& t) { return t.has_failed; }).why.find("takes nothing") !=
              std::string::npos);
        greedy.signal(SIGKILL);
        greedy.wait();
        Process slow{client_command(house, {"connect", "slowly=20", "unwrap"})};
        TlsPeer other = house.serve(house.accept());
        CHECK(other.read_to_end() == std::string(20, 'x'));
        other.close_whole();
        end(slow);
    }

    TEST_CASE("tls: a hello that never ends is refused") {
        TlsHouse house;
        Connection client{house.port()};
        TlsPeer peer = house.serve(house.accept());
        // Records of a handshake message that says it has 16 MB.
        const std::string record = std::string{"\x16\x03\x01\x40\x00", 5} + std::string(16384, 'x');
        std::string first = record;
        first.replace(5, 4, std::string{"\x01\xff\xff\xff", 4});
        client.try_send(first);
        for (int i = 0; i < 100; ++i)
            if (!client.try_send(record)) break;
        CHECK(peer.wait_until(is_over).end == RelayEnd::cut);
        client.wait_for_end();
    }

    TEST_CASE("tls: whether the client has acknowledged all is asked and told") {
        TlsHouse house;
        Process client{client_command(house, {"connect", "read=hello", "wait"})};
        TlsPeer peer = house.serve(house.accept());
        peer.write("hello");
        const auto ask = [&] {
            for (;;) {
                if (const auto answer = peer.link().is_acknowledged()) return *answer;
                wait_readable(peer.link().fd());
            }
        };
        CHECK(ask());
        client.signal(SIGKILL);
        peer.wait_until(is_over);
        client.wait();
    }

    TEST_CASE("tls: what a client has not acknowledged for long is not lost yet") {
        TlsHouse house;
        Process client{client_command(house, {"connect", "line", "count"})};
        TlsPeer peer = house.serve(house.accept());
        const auto fill = [&] { // all that there is room for
            const std::string piece(65536, 'x');
            for (pollfd room{peer.stream(), POLLOUT, 0}; ::poll(&room, 1, 300) == 1;)
                send_some(peer.stream(), piece);
        };
        fill();
        constexpr auto longer = 7s; // than the relay looks
        for (const auto latest = std::chrono::steady_clock::now() + longer;
             std::chrono::steady_clock::now() < latest;) {
            CHECK(!peer.link().is_acknowledged().has_value());
            pollfd told{peer.link().fd(), POLLIN, 0};
            ::poll(&told, 1, 200);
        }
        client.write("\n");
        e2e::wait_until("it has all", [&] { return peer.link().is_acknowledged() == true; });
        peer.close_whole();
        CHECK(client.wait() == 0);
    }

    TEST_CASE("tls: who wants a finite field for the keys is refused and who wants a curve is served") {
        struct Case {
            Words options;
            bool is_refused;
        };
        const TempDir folder;
        TlsHouse house{{make_certificate(folder, "one", KeyKind::rsa)}};
        for (const Case& one : {Case{{"-groups", "ffdhe8192"}, true},
                                {{"-groups", "ffdhe2048:ffdhe3072"}, true},
                                {{"-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"}, true},
                                {{"-groups", "ffdhe8192:P-256"}, false},
                                {{"-groups", "X25519"}, false},
                                {{"-tls1_2"}, false}}) {
            Words command{"openssl", "s_client", "-connect", text("127.0.0.1:", house.port()), "-quiet"};
            command.insert(command.end(), one.options.begin(), one.options.end());
            Process client{command};
            TlsPeer peer = house.serve(house.accept());
            const auto told =
                peer.wait_until([](const auto& t) { return t.security.has_value() || t.end.has_value(); });
            CHECK(told.security.has_value() != one.is_refused);
            peer.close_whole();
            client.wait();
        }
    }

    TEST_CASE("tls: a client is shown the certificate of the host that it names") {
        const TempDir folder;
        const TestCertificate one = make_certificate(folder, "one"),
                              other = make_certificate(folder, "other", KeyKind::rsa, "other.example");
        TlsHouse house{{one, other}};
        for (const bool names_other : {false, true}) {
            Process client{{"openssl", "s_client", "-connect", text("127.0.0.1:", house.port()), "-quiet",
                            "-verify_return_error", "-CAfile",
                            names_other ? other.certificate : one.certificate, "-servername",
                            names_other ? "other.example" : "localhost"}};
            TlsPeer peer = house.serve(house.accept());
            peer.write("good day\n");
            client.out().wait_for("good day\n");
            peer.close_whole();
            CHECK(client.wait() == 0);
        }
    }

    TEST_CASE("tls: a key of another certificate ends tlsd at its start and so does what is no key") {
        const TempDir folder;
        TestCertificate one = make_certificate(folder, "one"), other = make_certificate(folder, "other");
        std::swap(one.key, other.key);
        TlsHouse swapped{{one}};
        CHECK(swapped.tlsd().wait() == 1);
        write_file(folder / "none.key", "nothing");
        TlsHouse none{{{other.certificate, folder / "none.key"}}};
        CHECK(none.keyd().wait() == 1);
        CHECK(none.tlsd().wait() == 1);
    }

    TEST_CASE("tls: keyd that dies costs a pause and sitting clients ask the next one") {
        TlsHouse house;
        Process client{client_command(house, {"max=1.2", "connect", "read=go", "connect", "count"})};
        TlsPeer peer = house.serve(house.accept());
        peer.wait_until([](const auto& t) { return t.security.has_value(); });
        house.keyd().signal(SIGKILL);
        house.keyd().wait();
        house.start_keyd();
        peer.write("go");
        auto data = peer.link().add(RelayDirection::to_client, house.accept()); // needs a signature
        CHECK(!peer.wait_until([](const auto& t) { return t.security.has_value(); }, data.number)
                   .security->is_resumed);
        peer.link().say_whole(data.number);
        data.stream.reset();
        CHECK(end(client).find("0 clean") != std::string::npos);
    }

    TEST_CASE("tls: relays outlive tlsd and the next one serves newcomers") {
        TlsHouse house;
        Process client{client_command(house, {"connect", "read=a", "read=b"})};
        TlsPeer peer = house.serve(house.accept());
        peer.write("a");
        peer.wait_until([](const auto& t) { return t.security.has_value(); });
        house.tlsd().signal(SIGKILL);
        house.tlsd().wait();
        house.start_tlsd();
        Process newcomer{client_command(house, {"connect", "read=c"})};
        TlsPeer other = house.serve(house.accept());
        other.write("c");
        end(newcomer);
        peer.write("b");
        end(client);
    }

    TEST_CASE("tls: tlsd and keyd end when nobody is left who could need them and not before") {
        TlsHouse house;
        Process client{client_command(house, {"connect", "read=a", "read=b"})};
        std::optional<TlsPeer> peer{house.serve(house.accept())};
        peer->write("a");
        client.out().wait_for("new\n");
        house.let_go();
        peer->write("b");
        end(client);
        CHECK(!house.tlsd().has_ended());
        peer.reset();
        CHECK(house.tlsd().wait() == 0);
    }

    TEST_CASE("tls: who sends nonsense to tlsd or to a relay loses its own pair and nothing else") {
        TlsHouse house;
        const Fd liar = house.open_pair();
        REQUIRE(send_packet(liar.get(), std::string_view{"\x16 nonsense"}) == IoState::done);
        CHECK(house.wait_for_note("is cut off").find("127.0.0.1") != std::string::npos);
        Process client{client_command(house, {"connect", "count"})};
        TlsPeer peer = house.serve(house.accept());
        client.out().wait_for("new\n");
        REQUIRE(send_packet(peer.link().fd(), std::string_view{"\x17 nonsense"}) == IoState::done);
        house.wait_for_note("relay");
        CHECK(end(client).find("cut") != std::string::npos);
        Process other{client_command(house, {"connect", "read=c"})};
        TlsPeer next = house.serve(house.accept());
        next.write("c");
        end(other);
    }

    TEST_CASE("tls: keyd signs so often for one relay and then at the pace of its key") {
        const TempDir folder;
        TlsHouse house{{make_certificate(folder, "slow", KeyKind::slow)}};
        constexpr int at_once = 16, further = 6; // more than a relay carries at once, too
        Words steps{"max=1.2"};
        for (int i = 0; i < at_once + further; ++i) steps.push_back("connect");
        Process client{client_command(house, steps)};
        TlsPeer peer = house.serve(house.accept());
        const auto began = Clock::now();
        for (int i = 1; i < at_once + further; ++i) {
            const auto data = peer.link().add(RelayDirection::to_client, house.accept());
            peer.wait_until([](const auto& t) { return t.security.has_value(); }, data.number);
            peer.link().say_whole(data.number);
        }
        CHECK(Clock::now() - began >= (further - 1) * 50ms);
        client.wait();
    }

    TEST_CASE("tls: keyd that finds other keys when it starts again has tlsd start again too") {
        const TempDir folder;
        TestCertificate files = make_certificate(folder, "one");
        TlsHouse house{{files}};
        const TestCertificate renewed = make_certificate(folder, "renewed");
        std::filesystem::rename(renewed.key, files.key);
        house.keyd().signal(SIGKILL);
        house.keyd().wait();
        house.start_keyd();
        house.wait_for_note("the keys are others by now");
        CHECK(house.tlsd().wait() == 1);
        std::filesystem::rename(renewed.certificate, files.certificate);
        house.start_tlsd();
        Process client{client_command(house, {"connect", "read=c"})};
        TlsPeer peer = house.serve(house.accept());
        peer.write("c");
        end(client);
    }

    TEST_CASE("tls: a relay has its sockets and no file and no right") {
        if (!have_proc()) return tests::skip("needs /proc");
        if (::geteuid() != 0) return tests::skip("only root looks into processes that hide");
        TlsHouse house;
        Process client{client_command(house, {"connect", "wait"})};
        TlsPeer peer = house.serve(house.accept());
        client.out().wait_for("new\n");
        REQUIRE(house.relays().size() == 1);
        const pid_t relay = house.relays().front();
        const auto tlsd = descriptors_of(house.tlsd().pid());
        std::size_t sockets = 0;
        for (const auto& held : descriptors_of(relay)) {
            const std::string& what = held.second;
            const bool is_socket = what.find("socket:") == 0;
            // A POSIX build waits for signals with a pipe, which tlsd does not have.
            const bool is_own_pipe =
                is_posix_build() && what.find("pipe:") == 0 &&
                std::ranges::find(tlsd, what, [](const auto& one) { return one.second; }) == tlsd.end();
            CHECK_MESSAGE((is_socket || is_own_pipe || what == "/dev/null"), what);
            if (is_socket) ++sockets;
        }
        CHECK(sockets == 6); // client, stream, process, keyd, and tlsd twice: its standard error, too
        const std::string status = read_file(text("/proc/", relay, "/status"));
        if (!is_posix_build()) CHECK(status.find("NoNewPrivs:\t1\n") != std::string::npos);
        if (!is_sanitized() && !explain_no_sandbox())
            CHECK(status.find("Seccomp:\t2\n") != std::string::npos);
        peer.close_whole();
        end(client);
    }

    TEST_CASE("tls: no other program knows of the library") {
        CHECK(read_file(find_program("suite-tls")).find("gnutls_") != std::string::npos);
        for (const std::string program : {"ftpd", "chatd", "fcp", "chat", "ftpctl"})
            CHECK(read_file(find_program(program)).find("gnutls_") == std::string::npos);
    }

    TEST_CASE("tls: no key is in the memory of tlsd or of a relay") {
        if (!have_proc()) return tests::skip("needs /proc");
        if (::geteuid() != 0) return tests::skip("only root looks into processes that hide");
        if (is_sanitized()) return tests::skip("the sanitizers map more than can be looked through");
        for (const KeyKind kind : {KeyKind::ecdsa, KeyKind::rsa}) {
            const TempDir folder;
            const TestCertificate own = make_certificate(folder, "own", kind);
            TlsHouse house{{own}};
            Process client{client_command(house, {"connect", "wait"})};
            TlsPeer peer = house.serve(house.accept());
            client.out().wait_for("new\n");
            const std::string value = private_value(own.key);
            CHECK(value.size() >= 32);
            CHECK(has_key_in_memory(house.keyd().pid(), value));
            CHECK(!has_key_in_memory(house.tlsd().pid(), value));
            REQUIRE(house.relays().size() == 1);
            CHECK(!has_key_in_memory(house.relays().front(), value));
            peer.close_whole();
            end(client);
        }
    }
}
