// SPDX-License-Identifier: ISC
#include "common/keepalive.hh"

#include "common/socket.hh"

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace common {

void keep_alive(int fd, std::chrono::seconds silence) {
    set_keepalive(fd);
    if (silence.count() <= 0) return;
    constexpr std::chrono::seconds usual_interval{75};
    const int first = static_cast<int>(silence.count());
    const int next = static_cast<int>(std::min(silence, usual_interval).count());
    // Fails for a socket that is not TCP's.
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &first, sizeof first);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &next, sizeof next);
}

} // namespace common
