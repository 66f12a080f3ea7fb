// SPDX-License-Identifier: ISC
// Signals to a process that this one has not forked, whose number may be another's as soon as it has ended.
// Run by ftpd's parent, for sessions that a parent before it has left.
#pragma once

#include "common/fd.hh"

#include <sys/types.h>

namespace common {

// A hold on the process that has this number now, pidfd_open(2); none: it has ended, or the system gives
// none. Whoever asks must see afterwards that the process it means had not ended by then.
Fd hold_process(pid_t pid);
// Signals the process that is held; nothing if it has ended.
void signal_held(const Fd& process, int number);

} // namespace common
