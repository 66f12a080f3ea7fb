// SPDX-License-Identifier: ISC
#include "tests/bench/memory.hh"

#include "tests/bench/statistics.hh"
#include "tests/e2e/proc.hh"

#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace bench {
namespace {

double sum_of(const std::set<pid_t>& processes) {
    double sum = 0;
    for (const pid_t pid : processes) sum += private_kib(pid);
    return sum;
}

} // namespace

double private_kib(pid_t pid) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/smaps_rollup"};
    double sum = 0;
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("Private_Clean:") || line.starts_with("Private_Dirty:"))
            sum += std::stod(line.substr(line.find(':') + 1));
    return sum;
}

std::set<pid_t> family_of(pid_t pid) {
    std::multimap<pid_t, pid_t> children;
    for (const e2e::ProcessStatus& process : e2e::all_processes())
        children.emplace(process.parent, process.pid);
    std::set<pid_t> family;
    std::vector<pid_t> found{pid};
    while (!found.empty()) {
        const pid_t next = found.back();
        found.pop_back();
        family.insert(next);
        for (auto [at, end] = children.equal_range(next); at != end; ++at) found.push_back(at->second);
    }
    return family;
}

MemoryPerClient::MemoryPerClient(pid_t server)
    : server_(server), before_(family_of(server)), kib_before_(sum_of(before_)) {}

double MemoryPerClient::kib(unsigned clients) const {
    const std::set<pid_t> family = family_of(server_);
    std::map<pid_t, std::vector<double>> came; // by the process that has forked them
    std::size_t count = 0;
    for (const e2e::ProcessStatus& process : e2e::all_processes())
        if (family.contains(process.pid) && !before_.contains(process.pid)) {
            came[process.parent].push_back(private_kib(process.pid));
            ++count;
        }
    if (count < clients) return (sum_of(before_) - kib_before_) / clients;
    double sum = 0;
    for (const auto& [parent, alike] : came) sum += median(alike) * static_cast<double>(alike.size());
    return sum / clients;
}

} // namespace bench
