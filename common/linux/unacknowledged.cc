// SPDX-License-Identifier: ISC
#include "common/unacknowledged.hh"

#include <linux/sockios.h>
#include <sys/ioctl.h>

namespace common {

std::optional<std::size_t> unacknowledged_bytes(int socket) {
    int bytes = 0;
    if (::ioctl(socket, SIOCOUTQ, &bytes) != 0 || bytes < 0) return {}; // a kind of socket that does not tell
    return static_cast<std::size_t>(bytes);
}

} // namespace common
