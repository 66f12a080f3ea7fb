// SPDX-License-Identifier: ISC
#include "common/acknowledgement.hh"

#include "common/poller.hh"
#include "common/socket.hh"
#include "common/unacknowledged.hh"

#include <chrono>
#include <doctest/doctest.h>
#include <thread>

using namespace common;
using namespace std::chrono_literals;

TEST_SUITE("unit") {
    TEST_CASE("acknowledgement: what was read is acknowledged as soon as that is asked for") {
        if (best_backend() == Backend::poll) return; // a build that leaves it to the system
        const Fd listener = listen_on(resolve_address("127.0.0.1:0").at(0));
        const Fd near = start_connect(local_address(listener.get()));
        std::optional<Accepted> accepted;
        while (!(accepted = accept_from(listener))) std::this_thread::yield();
        const Fd& far = accepted->socket;
        char piece[16];
        const auto begun = std::chrono::steady_clock::now();
        constexpr int rounds = 50;
        for (int i = 0; i < rounds; ++i) {
            // Each answers the other, and so comes to think that an answer will acknowledge all.
            REQUIRE(send_some(near.get(), "question").state == IoState::done);
            while (read_some(far.get(), piece).state != IoState::done) std::this_thread::yield();
            REQUIRE(send_some(far.get(), "answer").state == IoState::done);
            while (read_some(near.get(), piece).state != IoState::done) std::this_thread::yield();
            REQUIRE(send_some(near.get(), "and more").state == IoState::done);
            while (read_some(far.get(), piece).state != IoState::done) std::this_thread::yield();
            acknowledge_at_once(far.get());
            while (unacknowledged_bytes(near.get()) != 0U) std::this_thread::yield();
        }
        CHECK(std::chrono::steady_clock::now() - begun < rounds * 30ms); // each would take 40
    }

    TEST_CASE("acknowledgement: what is no socket of TCP takes it without harm") {
        const auto [one, other] = make_packet_pair();
        acknowledge_at_once(one.get());
        CHECK(send_packet(one.get(), std::string_view{"x"}) == IoState::done);
    }
}
