// SPDX-License-Identifier: ISC
#include "common/new_socket.hh"

namespace common {

int new_socket(int family, int type) { return ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

int accept_new(int listener, sockaddr* peer, socklen_t* size) {
    return ::accept4(listener, peer, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int new_socket_pair(int type, int (&ends)[2]) {
    return ::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends);
}

std::optional<pid_t> process_behind(int connection) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return {};
    return peer.pid;
}

} // namespace common
