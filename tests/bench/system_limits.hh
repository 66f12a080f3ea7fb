// SPDX-License-Identifier: ISC
// Whether the machine can have as many clients as a measurement wants, each of which is a process.
#pragma once

namespace bench {

// Throws Failure with the limit that is too low: kernel.pid_max, kernel.threads-max, the control group's
// pids.max, RLIMIT_NPROC (which does not hold for root), RLIMIT_NOFILE, or memory.
void require_limits(unsigned clients);

} // namespace bench
