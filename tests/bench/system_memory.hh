// SPDX-License-Identifier: ISC
// What the whole machine has less of, the kernel's own memory with it (proc_meminfo(5)). It is only as good
// as the machine is quiet.
#pragma once

#include <map>
#include <string>

namespace bench {

std::map<std::string, double, std::less<>> read_meminfo(); // KiB, by name

// Between two looks: what is gone of MemAvailable, less what this process has taken for itself.
class SystemMemory {
public:
    SystemMemory();                               // the first look
    double kib(unsigned clients) const;           // the second, for each client
    std::string describe(unsigned clients) const; // which kinds of memory have grown, likewise

private:
    std::map<std::string, double, std::less<>> before_;
    double own_before_;
};

} // namespace bench
