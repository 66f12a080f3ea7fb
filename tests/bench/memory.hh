// SPDX-License-Identifier: ISC
// What a process has for itself alone: Private_Clean + Private_Dirty of /proc/PID/smaps_rollup (proc(5)).
#pragma once

#include <set>
#include <sys/types.h>
#include <vector>

namespace bench {

// In KiB; 0 for a process that is gone.
double private_kib(pid_t pid);

// The process and all that descend from it.
std::set<pid_t> family_of(pid_t pid);

// How much each of the clients costs that came between two looks at a server: of the processes that came with
// them the median among those that one process has forked, times how many of these a client has; for a server
// that serves all of them with the processes it had, the growth of these divided by the clients.
class MemoryPerClient {
public:
    explicit MemoryPerClient(pid_t server); // the first look
    double kib(unsigned clients) const;     // the second

private:
    pid_t server_;
    std::set<pid_t> before_;
    double kib_before_ = 0;
};

} // namespace bench
