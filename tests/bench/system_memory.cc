// SPDX-License-Identifier: ISC
#include "tests/bench/system_memory.hh"

#include "common/text.hh"
#include "tests/bench/memory.hh"

#include <cmath>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace bench {

std::map<std::string, double, std::less<>> read_meminfo() {
    std::ifstream file{"/proc/meminfo"};
    std::map<std::string, double, std::less<>> kinds;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words{line};
        std::string name;
        double kib = 0;
        if (std::getline(words, name, ':') && words >> kib) kinds[name] = kib;
    }
    return kinds;
}

SystemMemory::SystemMemory() : before_(read_meminfo()), own_before_(private_kib(::getpid())) {}

double SystemMemory::kib(unsigned clients) const {
    const double own = private_kib(::getpid()) - own_before_;
    return (before_.at("MemAvailable") - read_meminfo().at("MemAvailable") - own) / clients;
}

std::string SystemMemory::describe(unsigned clients) const {
    const auto now = read_meminfo();
    std::string shown = "KiB each";
    for (const std::string kind : {"AnonPages", "Shmem", "KernelStack", "PageTables", "Slab", "Percpu"}) {
        const auto was = before_.find(kind), is = now.find(kind);
        if (was != before_.end() && is != now.end())
            shown += common::text(", ", kind, ' ', std::lround((is->second - was->second) / clients));
    }
    return shown;
}

} // namespace bench
