// SPDX-License-Identifier: ISC
// When a silent TCP connection is probed, where the system lets a program choose (Linux, tcp(7)); elsewhere
// it is probed when the system thinks fit.
#pragma once

#include <chrono>

namespace common {

// SO_KEEPALIVE, with the first probe after so long a silence, and the next ones, while none is answered, as
// far apart but at most 75 seconds. 0: all as the system has it. Of a socket that is not TCP's only the
// option is set. Throws std::system_error.
void keep_alive(int fd, std::chrono::seconds silence);

} // namespace common
