// SPDX-License-Identifier: ISC
#include "common/peek.hh"

#include "common/socket.hh"

#include <array>
#include <doctest/doctest.h>
#include <string>
#include <utility>

using namespace common;

namespace {

void send(const Fd& end, std::string_view packet, int passed = -1) {
    REQUIRE(send_packet(end.get(), packet, passed) == IoState::done);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("peek: a packet stays until it is dropped") {
        const auto [ours, theirs] = make_packet_pair();
        std::array<char, 8> buffer{};
        CHECK(peek_packet(ours.get(), buffer).state == IoState::would_block);
        send(theirs, "first");
        send(theirs, "much too long");
        for (int turn = 0; turn < 2; ++turn) {
            const Peeked got = peek_packet(ours.get(), buffer);
            CHECK(got.state == IoState::done);
            CHECK(std::string{buffer.data(), got.bytes} == "first");
            CHECK_FALSE(got.is_cut);
        }
        drop_packet(ours.get());
        const Peeked cut = peek_packet(ours.get(), buffer);
        CHECK(std::string{buffer.data(), cut.bytes} == "much too");
        CHECK(cut.is_cut);
        drop_packet(ours.get());
        CHECK(peek_packet(ours.get(), buffer).state == IoState::would_block);
    }

    TEST_CASE("peek: descriptors that come along are let go of") {
        auto [ours, theirs] = make_packet_pair();
        auto [one, other] = make_packet_pair();
        std::array<char, 8> buffer{};
        send(theirs, "x", one.get());
        one.reset();
        CHECK(peek_packet(ours.get(), buffer).state == IoState::done);
        CHECK_FALSE(has_hung_up(other.get())); // it is on its way still
        drop_packet(ours.get());
        CHECK(has_hung_up(other.get()));
    }

    TEST_CASE("peek: what was said before the end is there behind a reset") {
        auto [ours, theirs] = make_packet_pair();
        std::array<char, 8> buffer{};
        send(theirs, "last");
        CHECK_FALSE(has_hung_up(ours.get()));
        theirs.reset();
        CHECK(has_hung_up(ours.get()));
        CHECK(peek_packet(ours.get(), buffer).state == IoState::done);
        drop_packet(ours.get());
        CHECK(peek_packet(ours.get(), buffer).state == IoState::ended);
    }

    TEST_CASE("peek: a packet is taken though the other side ends between the look and that") {
        auto [ours, theirs] = make_packet_pair();
        std::array<char, 8> buffer{};
        send(theirs, "last");
        send(ours, "that it does not read");
        CHECK(peek_packet(ours.get(), buffer).state == IoState::done);
        theirs.reset();
        drop_packet(ours.get());
        CHECK(peek_packet(ours.get(), buffer).state == IoState::ended);
        CHECK_THROWS(drop_packet(-1));
    }
}
