// SPDX-License-Identifier: ISC
// How much of what was written to a connection its other end has not got yet. Used by sessions.
#pragma once

#include <cstddef>
#include <optional>

namespace common {

// Bytes that the other system has not acknowledged; over a path's socket, that the other process has not
// read. Linux alone tells (SIOCOUTQ): no value elsewhere. Of a connection that was reset it says nothing:
// look at that after it. No event tells when it changes.
std::optional<std::size_t> unacknowledged_bytes(int socket);

} // namespace common
