// SPDX-License-Identifier: ISC
#include "common/acknowledgement.hh"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace common {

void acknowledge_at_once(int socket) {
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes); // fails for a path's socket
}

} // namespace common
