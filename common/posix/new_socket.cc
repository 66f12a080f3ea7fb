// SPDX-License-Identifier: ISC
#include "common/new_socket.hh"

#include "common/fd.hh"

namespace common {
namespace {

int prepare(int number) {
    Fd fd{number};
    if (!fd) return -1;
    set_close_on_exec(number);
    set_nonblocking(number);
    return fd.release();
}

} // namespace

int new_socket(int family, int type) { return prepare(::socket(family, type, 0)); }

int accept_new(int listener, sockaddr* peer, socklen_t* size) {
    return prepare(::accept(listener, peer, size));
}

int new_socket_pair(int type, int (&ends)[2]) {
    const int made = ::socketpair(AF_UNIX, type, 0, ends);
    if (made == 0)
        for (const int end : ends) prepare(end);
    return made;
}

std::optional<pid_t> process_behind(int /*connection*/) { return {}; }

} // namespace common
