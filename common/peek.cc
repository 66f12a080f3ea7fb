// SPDX-License-Identifier: ISC
#include "common/peek.hh"

#include "common/errors.hh"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace common {

Peeked peek_packet(int fd, std::span<char> into) {
    iovec piece{into.data(), into.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    const ssize_t bytes = retry([&] { return ::recvmsg(fd, &message, MSG_PEEK); });
    if (bytes > 0)
        return {IoState::done, static_cast<std::size_t>(bytes), (message.msg_flags & MSG_TRUNC) != 0};
    if (bytes == 0) return {IoState::ended};
    if (errno == EAGAIN) return {IoState::would_block};
    if (errno == ECONNRESET) return {IoState::vanished};
    fail("look at a packet");
}

void drop_packet(int fd) {
    char first = 0;
    const auto take = [&] { return retry([&] { return ::recv(fd, &first, 1, 0); }) >= 0; };
    // The other side may have ended meanwhile, and a reset is told once, before the packet.
    if (!take() && (errno != ECONNRESET || !take())) fail("take a packet");
}

bool wait_for_input(int fd, Clock::time_point deadline) {
    pollfd one{fd, POLLIN, 0};
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) fail("wait for a packet");
    }
}

bool has_hung_up(int fd) {
    pollfd one{fd, POLLIN, 0};
    return retry([&] { return ::poll(&one, 1, 0); }) == 1 && (one.revents & POLLHUP) != 0;
}

} // namespace common
