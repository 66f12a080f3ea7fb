// SPDX-License-Identifier: ISC
#include "common/keepalive.hh"

#include "common/poller.hh"
#include "common/socket.hh"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

using namespace common;
using namespace std::chrono_literals;

namespace {

int option(const Fd& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE(::getsockopt(socket.get(), level, name, &value, &size) == 0);
    return value;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("keepalive: a connection is probed after the silence that was asked for") {
        const Fd listener = listen_on(resolve_address("127.0.0.1:0").at(0));
        CHECK(option(listener, SOL_SOCKET, SO_KEEPALIVE) == 0);
        keep_alive(listener.get(), 0s);
        CHECK(option(listener, SOL_SOCKET, SO_KEEPALIVE) != 0);
        keep_alive(listener.get(), 40s);
#ifdef TCP_KEEPIDLE
        if (best_backend() == Backend::poll) return; // a build that leaves it to the system
        CHECK(option(listener, IPPROTO_TCP, TCP_KEEPIDLE) == 40);
        CHECK(option(listener, IPPROTO_TCP, TCP_KEEPINTVL) == 40);
        keep_alive(listener.get(), 4000s);
        CHECK(option(listener, IPPROTO_TCP, TCP_KEEPIDLE) == 4000);
        CHECK(option(listener, IPPROTO_TCP, TCP_KEEPINTVL) == 75);
        keep_alive(listener.get(), 32767s);
        CHECK(option(listener, IPPROTO_TCP, TCP_KEEPIDLE) == 32767);
#endif
    }

    TEST_CASE("keepalive: what is no socket of TCP takes it without harm") {
        const auto [one, other] = make_packet_pair();
        keep_alive(one.get(), 40s);
        CHECK(option(one, SOL_SOCKET, SO_KEEPALIVE) != 0);
    }
}
