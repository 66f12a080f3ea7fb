// SPDX-License-Identifier: ISC
// Which ports a process may listen on, as far as that can be known without trying.
#pragma once

#include <cstdint>

namespace common {

// Whether the system lets this process listen on the port; for 0 it does. Linux looks at
// net.ipv4.ip_unprivileged_port_start and CAP_NET_BIND_SERVICE; elsewhere ports below 1024 are root's.
bool may_listen_on(std::uint16_t port);

} // namespace common
