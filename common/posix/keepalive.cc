// SPDX-License-Identifier: ISC
#include "common/keepalive.hh"

#include "common/socket.hh"

namespace common {

void keep_alive(int fd, std::chrono::seconds) { set_keepalive(fd); }

} // namespace common
