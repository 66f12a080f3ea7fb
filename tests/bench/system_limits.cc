// SPDX-License-Identifier: ISC
#include "tests/bench/system_limits.hh"

#include "common/text.hh"
#include "tests/bench/connection.hh"
#include "tests/bench/system_memory.hh"

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace bench {
namespace {

// The machine's, and those of a smaller crowd beside it; or what a hub has open besides a pair for each
// client.
constexpr std::uint64_t others = 2000;
constexpr std::uint64_t kib_each = 200;

void require(std::string_view name, std::uint64_t needed, std::uint64_t has) {
    if (has < needed) throw Failure{common::text(name, " is ", has, ", ", needed, " are needed")};
}

// As far as a file names a number; else it is no limit: "max", or no such file.
void require_of(const std::string& file, std::uint64_t needed) {
    std::ifstream in{file};
    if (std::uint64_t has = 0; in >> has) require(file, needed, has);
}

// RLIM_INFINITY is the largest number there is.
void require_resource(std::string_view name, decltype(RLIMIT_NPROC) resource, std::uint64_t needed) {
    rlimit limit{};
    ::getrlimit(resource, &limit);
    require(name, needed, limit.rlim_cur);
}

// Of our control group and those above it, in either version's tree.
void require_of_groups(std::uint64_t needed) {
    std::ifstream file{"/proc/self/cgroup"};
    for (std::string line; std::getline(file, line);) {
        const bool is_second = line.starts_with("0::"), is_first = line.find(":pids:") != line.npos;
        if (!is_second && !is_first) continue;
        const std::string root = is_second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
        std::filesystem::path group = line.substr(line.find(':', line.find(':') + 1) + 1);
        for (; group.has_relative_path(); group = group.parent_path())
            require_of(root + group.string() + "/pids.max", needed);
    }
}

} // namespace

void require_limits(unsigned clients) {
    const std::uint64_t processes = clients + others;
    require_of("/proc/sys/kernel/pid_max", processes);
    require_of("/proc/sys/kernel/threads-max", processes);
    require_of_groups(processes);
    if (::geteuid() != 0) require_resource("RLIMIT_NPROC", RLIMIT_NPROC, processes);
    require_resource("RLIMIT_NOFILE", RLIMIT_NOFILE, clients + others);
    require("MemAvailable in KiB", clients * kib_each,
            static_cast<std::uint64_t>(read_meminfo().at("MemAvailable")));
}

} // namespace bench
