// SPDX-License-Identifier: ISC
// bench-floor's model of a chat server with a process for each client: what such a one cannot do without, and
// nothing else.
#pragma once

#include "common/fd.hh"

namespace bench {

// One process for each client waits, reads the common log and sends; one hub appends to the log what clients
// say and wakes those who sleep, each with a packet on a pair of its own. What the client says goes the same
// way back. A word in shared memory tells the hub who sleeps.
[[noreturn]] void serve_by_processes(const common::Fd& listener, const char* log);

} // namespace bench
