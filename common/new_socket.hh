// SPDX-License-Identifier: ISC
// New sockets that are close-on-exec and never block. Where the system can (Linux, and what follows
// POSIX.1-2024) that is one call, so that there is no moment at which another fork could take one along;
// elsewhere it is three. Each returns what socket(2), accept(2) and socketpair(2) return, and sets errno.
#pragma once

#include <optional>
#include <sys/socket.h>
#include <sys/types.h>

namespace common {

int new_socket(int family, int type);
int accept_new(int listener, sockaddr* peer, socklen_t* size);
int new_socket_pair(int type, int (&ends)[2]);

// The process that listens where this connection over a path's socket leads to: whose number it was when it
// began to. No value where the system does not tell.
std::optional<pid_t> process_behind(int connection);

} // namespace common
