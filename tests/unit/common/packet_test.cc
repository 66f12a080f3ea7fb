// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/socket.hh"

#include <array>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace common;

namespace {

std::size_t open_descriptors() {
    std::size_t count = 0;
    for (int fd = 0; fd < 1024; ++fd) count += ::fcntl(fd, F_GETFD) != -1;
    return count;
}

// What a hostile peer may send: any number of descriptors.
void send_with_descriptors(int to, std::string_view bytes, std::size_t count) {
    const std::vector<int> passed(count, STDERR_FILENO);
    std::vector<char> control(CMSG_SPACE(sizeof(int) * count));
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * count);
    std::memcpy(CMSG_DATA(part), passed.data(), sizeof(int) * count);
    REQUIRE(::sendmsg(to, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

std::string received(int fd) {
    std::array<char, 256> buffer{};
    const Received got = receive_packet(fd, buffer);
    REQUIRE(got.state == IoState::done);
    CHECK_FALSE(got.passed);
    return {buffer.data(), got.bytes};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("packet: bounds are kept whatever is sent together") {
        const auto [one, other] = make_packet_pair();
        for (const std::string_view packet : {"a", "bcd", "ef"})
            REQUIRE(send_packet(one.get(), packet) == IoState::done);
        CHECK(received(other.get()) == "a");
        CHECK(received(other.get()) == "bcd");
        CHECK(received(other.get()) == "ef");
        REQUIRE(send_packet(other.get(), std::string_view{"\0\0", 2}) == IoState::done);
        CHECK(received(one.get()) == std::string(2, '\0'));
    }

    TEST_CASE("packet: both ends are close-on-exec and never block") {
        const auto [one, other] = make_packet_pair();
        for (const Fd* end : {&one, &other}) {
            CHECK((::fcntl(end->get(), F_GETFD) & FD_CLOEXEC) != 0);
            std::array<char, 8> buffer{};
            CHECK(receive_packet(end->get(), buffer).state == IoState::would_block);
        }
    }

    TEST_CASE("packet: a descriptor goes along and works on the other side") {
        const auto [one, other] = make_packet_pair();
        std::array<int, 2> pipe_ends{};
        REQUIRE(::pipe(pipe_ends.data()) == 0);
        const Fd reading{pipe_ends[0]};
        Fd writing{pipe_ends[1]};
        REQUIRE(send_packet(one.get(), std::string_view{"take"}, writing.get()) == IoState::done);
        writing.reset();
        std::array<char, 16> buffer{};
        const Received got = receive_packet(other.get(), buffer);
        REQUIRE(got.state == IoState::done);
        CHECK(std::string_view(buffer.data(), got.bytes) == "take");
        REQUIRE(got.passed);
        CHECK((::fcntl(got.passed.get(), F_GETFD) & FD_CLOEXEC) != 0);
        REQUIRE(write_some(got.passed.get(), "x").state == IoState::done);
        CHECK(read_some(reading.get(), buffer).bytes == 1);
    }

    TEST_CASE("packet: one that is longer than the buffer is refused and its descriptor closed") {
        const auto [one, other] = make_packet_pair();
        REQUIRE(send_packet(one.get(), std::string_view{"12345"}) == IoState::done);
        REQUIRE(send_packet(one.get(), std::string_view{"12345"}, STDERR_FILENO) == IoState::done);
        REQUIRE(send_packet(one.get(), std::string_view{"next"}) == IoState::done);
        const std::size_t before = open_descriptors();
        std::array<char, 4> small{};
        CHECK_THROWS_AS(receive_packet(other.get(), small), PeerError);
        CHECK_THROWS_AS(receive_packet(other.get(), small), PeerError);
        CHECK(open_descriptors() == before);
        CHECK(received(other.get()) == "next");
    }

    TEST_CASE("packet: one that is longer than the buffer is cut where that is wanted") {
        const auto [one, other] = make_packet_pair();
        for (const std::string_view packet : {"12345", "1234"})
            REQUIRE(send_packet(one.get(), packet) == IoState::done);
        std::array<char, 4> small{};
        for (const bool is_cut : {true, false}) {
            const Received got = receive_packet(other.get(), small, 1, Tolerated::longer);
            CHECK(got.is_cut == is_cut);
            CHECK(std::string_view{small.data(), got.bytes} == "1234");
        }
    }

    TEST_CASE("packet: more than one descriptor is refused and none is kept") {
        const auto [one, other] = make_packet_pair();
        const std::size_t before = open_descriptors();
        std::array<char, 16> buffer{};
        for (const std::size_t count : {2, 15, 16, 17, 100, 253}) {
            CAPTURE(count);
            send_with_descriptors(one.get(), "x", count);
            CHECK_THROWS_AS(receive_packet(other.get(), buffer), PeerError);
            CHECK(open_descriptors() == before);
        }
        send_with_descriptors(one.get(), "x", 1);
        CHECK(receive_packet(other.get(), buffer).passed);
        CHECK(open_descriptors() == before);
    }

    TEST_CASE("packet: the end comes behind what was sent before it") {
        auto [one, other] = make_packet_pair();
        REQUIRE(send_packet(one.get(), std::string_view{"last"}) == IoState::done);
        one.reset();
        CHECK(received(other.get()) == "last");
        std::array<char, 16> buffer{};
        CHECK(receive_packet(other.get(), buffer).state == IoState::ended);
        CHECK(receive_packet(other.get(), buffer).state == IoState::ended);
        CHECK(send_packet(other.get(), std::string_view{"x"}) == IoState::vanished);
    }

    TEST_CASE("packet: a pair whose other end died with unread packets says so and hands on what is queued") {
        auto [one, other] = make_packet_pair();
        REQUIRE(send_packet(one.get(), std::string_view{"unread"}) == IoState::done);
        REQUIRE(send_packet(other.get(), std::string_view{"queued"}) == IoState::done);
        other.reset();
        std::array<char, 16> buffer{};
        IoState state = receive_packet(one.get(), buffer).state;
        if (state == IoState::vanished) state = receive_packet(one.get(), buffer).state; // a reset, said once
        CHECK(state == IoState::done);
        CHECK(std::string_view(buffer.data(), 6) == "queued");
        CHECK(receive_packet(one.get(), buffer).state == IoState::ended);
    }

    TEST_CASE("packet: a full pair takes no more and loses nothing") {
        const auto [one, other] = make_packet_pair();
        std::size_t sent = 0;
        while (send_packet(one.get(), std::to_string(sent)) == IoState::done) REQUIRE(++sent < 1'000'000);
        CHECK(send_packet(one.get(), std::string_view{"?"}) == IoState::would_block);
        CHECK(sent > 100);
        for (std::size_t i = 0; i < sent; ++i) REQUIRE(received(other.get()) == std::to_string(i));
        std::array<char, 8> buffer{};
        CHECK(receive_packet(other.get(), buffer).state == IoState::would_block);
        CHECK(send_packet(one.get(), std::string_view{"again"}) == IoState::done);
        CHECK(received(other.get()) == "again");
    }

    TEST_CASE("packet: one whose descriptors find no room is told of where the peer is trusted") {
        auto [one, other] = make_packet_pair();
        for (int i = 0; i < 2; ++i)
            REQUIRE(send_packet(one.get(), std::string_view{"two"}, one.get(), other.get()) == IoState::done);
        REQUIRE(send_packet(one.get(), std::string_view{"none"}) == IoState::done);
        std::array<char, 16> buffer{};
        const std::size_t before = open_descriptors();
        rlimit limit{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        rlimit few = limit;
        few.rlim_cur = static_cast<rlim_t>(Fd{::dup(STDERR_FILENO)}.get());
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
        const Received told = receive_packet(other.get(), buffer, 2, Tolerated::lack_of_descriptors);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        CHECK(told.state == IoState::done);
        CHECK(told.bytes == 3);
        CHECK(told.lacks_descriptors);
        CHECK_FALSE(told.passed);
        CHECK(open_descriptors() == before);
        const Received second =
            receive_packet(other.get(), buffer, 2, Tolerated::lack_of_descriptors); // there is room again
        CHECK(second.passed);
        CHECK(second.second);
        CHECK_FALSE(second.lacks_descriptors);
        const Received last = receive_packet(other.get(), buffer, 2, Tolerated::lack_of_descriptors);
        CHECK(last.bytes == 4);
        CHECK_FALSE(last.lacks_descriptors);
    }
}
