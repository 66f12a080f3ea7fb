// SPDX-License-Identifier: ISC
// The socket of a client: when it is read, by whom, and what waits to be written.
#include "chatd/handler/client_socket.hh"

#include "common/errors.hh"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <string>
#include <sys/socket.h>
#include <utility>

using namespace chatd;

namespace {

struct Taken : Intake {
    common::IoState fill(int client) override {
        std::array<char, 4> some{};
        const common::IoResult got = common::read_some(client, some);
        bytes.append(some.data(), got.bytes);
        return got.state;
    }
    bool is_full() const override { return bytes.size() >= 8; }
    void end_input(bool is_whole) override { bytes += is_whole ? "." : "!"; }

    std::string bytes;
};

struct Wire {
    Wire() {
        common::checked("socketpair", {}, [&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()); });
        for (const int end : ends) common::set_nonblocking(end);
    }
    std::array<int, 2> ends{};
};

struct Place {
    Wire wire;
    common::Fd far{wire.ends[0]};
    ClientSocket client{common::Fd{wire.ends[1]}};
    Taken taken;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("client socket: it is read until it has nothing more and then only when it is ready") {
        Place place;
        CHECK(common::write_some(place.far.get(), "abcdef").bytes == 6);
        CHECK(place.client.read(place.taken));
        CHECK(place.client.read(place.taken));
        CHECK_FALSE(place.client.read(place.taken));
        CHECK(place.taken.bytes == "abcdef");
        CHECK(common::write_some(place.far.get(), "ghi").bytes == 3);
        CHECK_FALSE(place.client.read(place.taken)); // nobody has said so
        place.client.set_ready();
        CHECK(place.client.read(place.taken));
        CHECK_FALSE(place.client.wants_more(place.taken)); // that is full
        place.taken.bytes.clear();
        place.far.reset();
        CHECK(place.client.read(place.taken));
        CHECK(place.taken.bytes == ".");
        CHECK(place.client.has_ended());
        CHECK_FALSE(place.client.read(place.taken));
    }

    TEST_CASE("client socket: what is to be sent waits and while it is much nothing is read") {
        Place place;
        place.client.append(std::string(ClientSocket::max_waiting - 1, 'x'));
        CHECK(place.client.has_room());
        place.client.waiting() += 'x';
        CHECK_FALSE(place.client.wants_more(place.taken));
        CHECK(place.client.write());
        CHECK(place.client.is_empty());
        CHECK_FALSE(place.client.write());
        CHECK(place.client.wants_more(place.taken));
        place.client.finish();
        CHECK(place.client.is_ending());
        CHECK_FALSE(place.client.wants_more(place.taken));
    }

    TEST_CASE("client socket: whoever writes to a client that has vanished is told so") {
        ::signal(SIGPIPE, SIG_IGN); // as every daemon does
        Place place;
        place.far.reset();
        place.client.append("hello");
        CHECK_THROWS_AS(place.client.write(), Gone);
    }
}
