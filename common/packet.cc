// SPDX-License-Identifier: ISC
// Packets between the processes of one daemon, with a descriptor on board (cmsg(3), unix(7)): the part of
// common/socket.hh that deals in SCM_RIGHTS.
#include "common/errors.hh"
#include "common/new_socket.hh"
#include "common/socket.hh"

#include <array>
#include <cassert>
#include <cstring>
#include <fcntl.h>
#include <vector>

namespace common {
namespace {

// A hostile peer may send more descriptors than one: room for some, so that they are closed, not leaked.
constexpr std::size_t room_for_passed = 16;

struct ControlBuffer {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * room_for_passed)> bytes{};
};

struct Taken {
    std::vector<Fd> descriptors;
    bool are_fit = true; // else there is one that would outlive an exec, which nobody gets
};

Taken take_descriptors(msghdr& message) {
    Taken taken;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof number, sizeof number);
            taken.descriptors.emplace_back(number);
            taken.are_fit = taken.are_fit && ::fcntl(number, F_SETFD, FD_CLOEXEC) != -1;
        }
    }
    return taken;
}

} // namespace

std::pair<Fd, Fd> make_packet_pair() {
    int ends[2]{};
    checked("create a socket pair", {}, [&] { return new_socket_pair(SOCK_SEQPACKET, ends); });
    return {Fd{ends[0]}, Fd{ends[1]}};
}

IoState send_packet(int fd, std::span<const char> packet, int passed, int second) {
    assert(!packet.empty());
    iovec piece{const_cast<char*>(packet.data()), packet.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    ControlBuffer control;
    if (passed >= 0) {
        const std::array descriptors{passed, second};
        const std::size_t size = second >= 0 ? sizeof descriptors : sizeof passed;
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_SPACE(size);
        cmsghdr* const part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(part), descriptors.data(), size);
    }
    if (retry([&] { return ::sendmsg(fd, &message, MSG_NOSIGNAL); }) >= 0) return IoState::done;
    switch (errno) {
    case EAGAIN:
    case ENOBUFS:
    case ETOOMANYREFS: return IoState::would_block; // the user's descriptors in flight are at their limit
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN: return IoState::vanished;
    default: fail("send a packet");
    }
}

Received receive_packet(int fd, std::span<char> into, std::size_t max_passed, Tolerated tolerated) {
    iovec piece{into.data(), into.size()};
    ControlBuffer control;
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    const ssize_t bytes = retry([&] { return ::recvmsg(fd, &message, 0); });
    if (bytes < 0) {
        if (errno == EAGAIN) return {.state = IoState::would_block};
        if (errno == ECONNRESET) return {.state = IoState::vanished};
        fail("receive a packet");
    }
    auto [passed, are_fit] = take_descriptors(message);
    const bool is_cut = (message.msg_flags & MSG_TRUNC) != 0;
    const bool lacks = (message.msg_flags & MSG_CTRUNC) != 0 || !are_fit;
    if (lacks && !is_cut && tolerated == Tolerated::lack_of_descriptors)
        return {.state = IoState::done, .bytes = static_cast<std::size_t>(bytes), .lacks_descriptors = true};
    if ((is_cut && tolerated != Tolerated::longer) || lacks || passed.size() > max_passed)
        throw PeerError(
            "a packet between processes is longer than any kind of it, or brings more descriptors");
    if (bytes == 0) return {.state = IoState::ended};
    passed.resize(2);
    return {.state = IoState::done,
            .bytes = static_cast<std::size_t>(bytes),
            .passed = std::move(passed[0]),
            .second = std::move(passed[1]),
            .is_cut = is_cut};
}

} // namespace common
