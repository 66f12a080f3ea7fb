// SPDX-License-Identifier: ISC
// poll(2) with a signal mask of its own, in any process: the kernel's ppoll(2) on Linux, a pipe that the
// signal handler writes to elsewhere.
#pragma once

#include <poll.h>
#include <signal.h>
#include <span>

namespace common {

// As poll(2), with mask in force during the wait and only then (nullptr: unchanged). A signal that was
// pending before and that mask lets in ends the wait at once: nothing is lost between looking and sleeping.
// This holds for signals whose handler calls wake_poll.
int poll_with_mask(std::span<pollfd> fds, int timeout_ms, const sigset_t* mask);

// The handler's part: ends the poll_with_mask that was interrupted, even if it had not begun to sleep.
// Async-signal-safe; keeps errno.
void wake_poll();

} // namespace common
