// SPDX-License-Identifier: ISC
#include "tests/e2e/proc.hh"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace e2e {
namespace {

namespace fs = std::filesystem;

std::string proc_path(pid_t pid, std::string_view name) {
    return "/proc/" + std::to_string(pid) + "/" + std::string{name};
}

// /proc/PID/stat reads "PID (NAME) STATE PARENT GROUP ..."; a name may hold blanks and brackets.
std::optional<ProcessStatus> status_of(pid_t pid) {
    std::ifstream file{proc_path(pid, "stat")};
    std::string text;
    std::getline(file, text, '\0'); // nothing, for one that goes while it is read
    const auto open = text.find('('), close = text.rfind(')');
    if (open == text.npos || close == text.npos) return std::nullopt;
    ProcessStatus status{.pid = pid, .name = text.substr(open + 1, close - open - 1)};
    std::istringstream rest{text.substr(close + 1)};
    rest >> status.state >> status.parent >> status.group;
    return status;
}

// What a process can write to: whether any of it is what is looked for.
bool any_in_memory(pid_t pid, const std::function<bool(std::string_view)>& is_so) {
    std::ifstream maps{proc_path(pid, "maps")};
    std::ifstream memory{proc_path(pid, "mem"), std::ios::binary};
    if (!maps || !memory) throw std::runtime_error{proc_path(pid, "mem") + " cannot be read"};
    std::string bytes;
    for (std::string line; std::getline(maps, line);) { // FROM-TO PERMISSIONS ...
        std::istringstream row{line};
        std::uint64_t from = 0, to = 0;
        char dash = '-';
        std::string permissions;
        row >> std::hex >> from >> dash >> to >> permissions;
        if (permissions.substr(0, 2) != "rw") continue;
        bytes.resize(to - from);
        memory.clear();
        memory.seekg(static_cast<std::streamoff>(from));
        memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        const auto got = static_cast<std::size_t>(memory.gcount());
        if (is_so(std::string_view{bytes}.substr(0, got))) return true;
    }
    return false;
}

} // namespace

bool have_proc() { return ::access("/proc/self/stat", R_OK) == 0; }

std::vector<ProcessStatus> all_processes() {
    std::vector<ProcessStatus> found;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator{"/proc", none}) {
        const std::string name = entry.path().filename();
        if (!std::ranges::all_of(name, [](char c) { return '0' <= c && c <= '9'; })) continue;
        if (auto status = status_of(std::stoi(name))) found.push_back(std::move(*status));
    }
    return found;
}

std::vector<ProcessStatus> children_of(pid_t pid) {
    auto found = all_processes();
    std::erase_if(found, [&](const ProcessStatus& process) { return process.parent != pid; });
    return found;
}

std::vector<ProcessStatus> below(pid_t pid) {
    std::vector<ProcessStatus> left = all_processes(), found;
    for (std::set<pid_t> parents{pid}; !parents.empty();) {
        std::set<pid_t> next;
        for (const ProcessStatus& process : left)
            if (parents.contains(process.parent)) {
                found.push_back(process);
                next.insert(process.pid);
            }
        parents = std::move(next);
    }
    return found;
}

bool is_alive(pid_t pid) {
    const auto status = status_of(pid);
    return status && status->state != 'Z' && status->state != 'X';
}

std::string command_line_of(pid_t pid) {
    const std::ifstream file{proc_path(pid, "cmdline"), std::ios::binary};
    std::ostringstream words; // it may end while it is read
    words << file.rdbuf();
    return words.str();
}

std::map<int, std::string> descriptors_of(pid_t pid) {
    std::map<int, std::string> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{proc_path(pid, "fd"), error}) {
        const std::string target = fs::read_symlink(entry.path(), error);
        if (!error) found[std::stoi(entry.path().filename())] = target;
    }
    return found;
}

bool has_in_memory(pid_t pid, std::string_view words) {
    return any_in_memory(pid, [&](std::string_view bytes) { return bytes.find(words) != bytes.npos; });
}

// Each part has one of the pieces of eight bytes whole.
bool has_part_in_memory(pid_t pid, std::string_view bytes, std::size_t least) {
    constexpr std::size_t piece = 8;
    return any_in_memory(pid, [&](std::string_view memory) {
        for (std::size_t at = 0; at + piece <= bytes.size(); at += piece)
            for (std::size_t found = 0; (found = memory.find(bytes.substr(at, piece), found)) != memory.npos;
                 ++found) {
                std::size_t from = 0, to = piece; // around it
                while (from < std::min(at, found) && bytes[at - from - 1] == memory[found - from - 1]) ++from;
                while (at + to < bytes.size() && found + to < memory.size() &&
                       bytes[at + to] == memory[found + to])
                    ++to;
                if (from + to >= least) return true;
            }
        return false;
    });
}

std::size_t resident_bytes(pid_t pid) {
    std::ifstream file{proc_path(pid, "statm")};
    std::size_t total_pages = 0, resident_pages = 0;
    file >> total_pages >> resident_pages;
    return resident_pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// From proc(5)'s stat, behind the name: the state, ten other fields, the ticks in user mode and for
// it in the kernel.
ProcessStat stat_of_process(pid_t pid) {
    std::ifstream stat{proc_path(pid, "stat")};
    stat.ignore(std::numeric_limits<std::streamsize>::max(), ')');
    char state = '?';
    stat >> state;
    std::string other;
    for (int field = 0; field < 10; ++field) stat >> other;
    long user = 0, system = 0;
    stat >> user >> system;
    return {state == 'S', std::chrono::milliseconds{(user + system) * 1000 / ::sysconf(_SC_CLK_TCK)}};
}

} // namespace e2e
