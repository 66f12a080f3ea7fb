// SPDX-License-Identifier: ISC
#include "common/low_ports.hh"

#include <netinet/in.h>
#include <unistd.h>

namespace common {

bool may_listen_on(std::uint16_t port) { return port == 0 || port >= IPPORT_RESERVED || ::geteuid() == 0; }

} // namespace common
