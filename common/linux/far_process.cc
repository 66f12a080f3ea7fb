// SPDX-License-Identifier: ISC
#include "common/far_process.hh"

#include <sys/syscall.h>
#include <unistd.h>

namespace common {

// Linux 5.3; before that there is none.
Fd hold_process(pid_t pid) { return Fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))}; }

void signal_held(const Fd& process, int number) {
    ::syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0U);
}

} // namespace common
