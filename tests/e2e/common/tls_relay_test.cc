// SPDX-License-Identifier: ISC
// suite-tls by itself: what a relay does at the edges, where a client takes nothing, ends half of its
// connection, or is not who it was.
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/tls_house.hh"

#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

using namespace common;
using namespace e2e;
using namespace std::chrono_literals;

namespace {

Words client_command(const TlsHouse& house, const Words& steps) {
    Words command{"python3", in_source("tests/e2e/common/tls_client.py"), text(house.port()),
                  house.certificate()};
    command.insert(command.end(), steps.begin(), steps.end());
    return command;
}

bool is_secured(const TlsPeer::Connection& told) { return told.security.has_value(); }

// As much of it as goes until nothing is taken for a while. Returns the rest.
std::string_view fill(int stream, std::string_view bytes) {
    constexpr int while_ = 300; // ms
    for (pollfd waited{stream, POLLOUT, 0}; !bytes.empty() && ::poll(&waited, 1, while_) == 1;) {
        const IoResult wrote = send_some(stream, bytes);
        REQUIRE(wrote.state != IoState::vanished);
        bytes.remove_prefix(wrote.bytes);
    }
    CHECK(!bytes.empty());
    return bytes;
}

constexpr std::size_t more_than_fits = 40'000'000; // bytes, between two processes

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("tls: a client that asks for new keys while it takes nothing gets every byte") {
        TlsHouse house;
        const std::string gate = house.folder() / "gate";
        REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
        Process client{{"sh", "-c",
                        text("openssl s_client -connect 127.0.0.1:", house.port(), " -brief -CAfile ",
                             house.certificate(), " | { read -r go < ", gate, "; cat; }")}};
        TlsPeer peer = house.serve(house.accept());
        peer.wait_until(is_secured);
        const std::string bytes = make_bytes(more_than_fits);
        const std::string_view rest = fill(peer.stream(), bytes);
        client.write("K\n"); // s_client's word for it
        client.err().wait_for("KEYUPDATE");
        client.write("hello\n");
        CHECK(peer.read(6) == "hello\n");
        write_file(gate, "go\n");
        peer.write(rest);
        peer.close_whole();
        CHECK(client.wait() == 0);
        CHECK(client.out().text() == bytes);
    }

    TEST_CASE("tls: a client that has ended its side gets all that it has asked for") {
        TlsHouse house;
        const std::string bytes = make_bytes(more_than_fits);
        for (int i = 0; i < 5; ++i) {
            Process client{client_command(house, {"connect", "half", "line", "how"})};
            TlsPeer peer = house.serve(house.accept());
            peer.wait_until([](const auto& told) { return told.end.has_value(); });
            const std::string_view rest = fill(peer.stream(), bytes);
            client.write("\n");
            peer.write(rest);
            peer.close_whole();
            CHECK(client.wait() == 0);
            CHECK(client.out().text().find("fin") != std::string::npos);
        }
    }

    TEST_CASE("tls: what was whole comes to a client that pauses also when its process has gone") {
        TlsHouse house;
        Process client{client_command(house, {"narrow", "connect", "line", "count"})};
        std::size_t written = more_than_fits;
        {
            TlsPeer peer = house.serve(house.accept());
            peer.wait_until(is_secured);
            written -= fill(peer.stream(), make_bytes(more_than_fits)).size();
            peer.close_whole();
        }
        std::this_thread::sleep_for(11s); // longer than a client may take to end its side
        client.write("\n");
        CHECK(client.wait() == 0);
        CHECK(client.out().text().ends_with(text(written, " clean\n")));
    }

    TEST_CASE("tls: a client that takes little again and again keeps its relay only so long") {
        TlsHouse house;
        Process client{client_command(house, {"narrow", "connect", "connect", "sip=6000"})};
        {
            TlsPeer peer = house.serve(house.accept(), {.stall_limit = 2s});
            peer.wait_until(is_secured);
            Fd client_end = house.accept();
            const int little = 32768; // else the system takes megabytes, and room in them comes seldom
            ::setsockopt(client_end.get(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
            auto data = peer.link().add(RelayDirection::to_client, std::move(client_end));
            peer.wait_until(is_secured, data.number);
            fill(data.stream.get(), make_bytes(more_than_fits));
            peer.link().say_whole(data.number);
        }
        const auto begun = std::chrono::steady_clock::now();
        CHECK(client.wait() == 0);
        CHECK(std::chrono::steady_clock::now() - begun < 12s); // it may take eight
    }

    TEST_CASE("tls: a relay that is killed resets its client's connection") {
        TlsHouse house;
        Process client{client_command(house, {"connect", "read=hello", "send=x", "how"})};
        TlsPeer peer = house.serve(house.accept());
        peer.write("hello");
        CHECK(peer.read(1) == "x");
        for (const pid_t relay : house.relays()) ::kill(relay, SIGKILL);
        house.wait_for_note(" ended: ");
        CHECK(client.wait() == 0);
        CHECK(client.out().text().find("reset\n") != std::string::npos);
    }

    TEST_CASE("tls: a data connection that resumes another than the control connection does not count") {
        for (const std::string version : {"1.2", "1.3"})
            for (const bool has_tickets : {true, false}) {
                TlsHouse house;
                Words steps{"max=" + version, "connect", "read=go"};
                if (!has_tickets) steps.insert(steps.begin(), "no_tickets");
                // A session of somebody else's, and many more of these; and at last the right one.
                for (int i = 0; i < 10; ++i)
                    steps.insert(steps.end(), {"connect", "count", "again", "count"});
                steps.insert(steps.end(), {"as_first", "count"});
                Process client{client_command(house, steps)};
                TlsPeer peer = house.serve(house.accept());
                peer.write("go");
                const auto is_resumed = [&] {
                    auto data = peer.link().add(RelayDirection::to_client, house.accept());
                    const bool answer = peer.wait_until(is_secured, data.number).security->is_resumed;
                    peer.link().say_whole(data.number);
                    return answer;
                };
                INFO(version, ' ', has_tickets);
                for (int i = 0; i < 20; ++i) CHECK(!is_resumed());
                CHECK(is_resumed());
                client.wait();
            }
    }
}
