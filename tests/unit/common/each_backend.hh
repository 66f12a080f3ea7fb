// SPDX-License-Identifier: ISC
// For the tests of everything that waits: runs one body under each of the four backends, with connected
// descriptors to wait for.
#pragma once

#include "common/errors.hh"
#include "common/fd.hh"
#include "common/poller.hh"

#include <array>
#include <doctest/doctest.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace waiting {

using namespace std::chrono_literals;

inline constexpr auto deadline = 60s; // far more than anything here takes; only a failing test reaches it
inline constexpr auto no_wait = 0ms;

// Calls body(Backend) for each backend that this build has.
template <class Body>
void each_backend(Body body) {
    using common::Backend;
    for (const Backend backend : {Backend::select, Backend::poll, Backend::epoll, Backend::epoll_edge}) {
        const std::string name{common::backend_name(backend)};
        CAPTURE(name);
        try {
            common::Poller::make(backend);
        } catch (const common::UserError& error) {
            MESSAGE(name << " is left out: " << std::string{error.what()});
            continue;
        }
        body(backend);
    }
}

// Two ends of a stream, both non-blocking.
struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
        near.reset(ends[0]);
        far.reset(ends[1]);
        common::set_nonblocking(near.get());
        common::set_nonblocking(far.get());
    }
    common::Fd near, far;
};

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
        common::set_nonblocking(reader.get());
        common::set_nonblocking(writer.get());
    }
    common::Fd reader, writer;
};

inline void send_text(const common::Fd& to, std::string_view text) {
    REQUIRE(common::write_some(to.get(), text).bytes == text.size());
}

// Reads until it would block or ends; says how many bytes came.
inline std::size_t drain(int fd) {
    std::array<char, 4096> buffer{};
    std::size_t total = 0;
    for (;;) {
        const auto got = common::read_some(fd, buffer);
        if (got.state != common::IoState::done) return total;
        total += got.bytes;
    }
}

// Writes until no more fits.
inline std::size_t fill(int fd) {
    const std::string block(4096, 'x');
    std::size_t total = 0;
    for (;;) {
        const auto put = common::write_some(fd, block);
        if (put.state != common::IoState::done) return total;
        total += put.bytes;
    }
}

} // namespace waiting
