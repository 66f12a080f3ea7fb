// SPDX-License-Identifier: ISC
#include "tests/e2e/roles.hh"

#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace e2e {
namespace {

Words words_in(const std::string& line) {
    std::istringstream words{line};
    return {std::istream_iterator<std::string>{words}, std::istream_iterator<std::string>{}};
}

std::string target_of(const std::string& inode) { return "socket:[" + inode + "]"; }

// What each socket of the system is that somebody holds, by its target.
std::map<std::string, std::string> kinds_of_sockets() {
    std::map<std::string, std::string> kinds;
    std::ifstream unix_table{"/proc/net/unix"};
    for (std::string line; std::getline(unix_table, line);) {
        const Words row = words_in(line); // Num RefCount Protocol Flags Type St Inode Path
        if (row.size() < 7) continue;
        const bool listens = row[3] == "00010000";
        kinds[target_of(row[6])] = row[4] == "0005"   ? "pair"
                                   : row[4] == "0002" ? "unix datagram"
                                   : listens          ? "unix listener"
                                                      : "unix";
    }
    for (const char* const name : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream table{name};
        for (std::string line; std::getline(table, line);)
            if (const Words row = words_in(line); row.size() > 9)
                kinds[target_of(row[9])] = row[3] == "0A" ? "tcp listener" : "tcp";
    }
    return kinds;
}

} // namespace

std::vector<pid_t> others_of(const Daemon& daemon) {
    std::vector<pid_t> all;
    const pid_t main = daemon.main_pid();
    for (const ProcessStatus& child : children_of(daemon.pid())) {
        if (child.pid == main || !is_alive(child.pid)) continue;
        const Words kinds = kinds_of(child.pid); // none of one that hides its memory, as authd does
        const auto has = [&](const char* kind) { return std::count(kinds.begin(), kinds.end(), kind) > 0; };
        const bool is_executed = command_line_of(child.pid).starts_with("chatd-spawner");
        if (has("tcp") || has("unix") || has("tcp listener") || (is_executed && !has("pair"))) continue;
        all.push_back(child.pid);
    }
    return all;
}

pid_t authd_of(const Daemon& daemon) {
    pid_t found = -1;
    wait_until("there is an authd", [&] {
        for (const pid_t child : others_of(daemon))
            if (command_line_of(child).find("-d") != std::string::npos) found = child;
        return found != -1;
    });
    return found;
}

std::map<std::string, Words> fields_of(pid_t pid) {
    std::map<std::string, Words> fields;
    std::ifstream file{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string line; std::getline(file, line);)
        if (const auto colon = line.find(':'); colon != line.npos)
            fields[line.substr(0, colon)] = words_in(line.substr(colon + 1));
    return fields;
}

Ids ids_of(const std::string& name) {
    return {words_in(run_client({"id", "-u", name}).out).at(0),
            words_in(run_client({"id", "-g", name}).out).at(0)};
}

Words kinds_of(pid_t pid, const std::map<std::string, std::string>& names) {
    const auto sockets = kinds_of_sockets();
    Words kinds;
    for (const auto& [fd, target] : descriptors_of(pid)) {
        const auto named = names.find(target);
        const auto socket = sockets.find(target);
        kinds.push_back(named != names.end()                    ? named->second
                        : socket != sockets.end()               ? socket->second
                        : target == "/dev/null"                 ? "null"
                        : target == "anon_inode:[eventpoll]"    ? "epoll"
                        : target.starts_with("/dev/shm/suite-") ? "pages"
                        : target.starts_with("pipe:")           ? "pipe"
                                                                : target);
    }
    std::ranges::sort(kinds);
    return kinds;
}

void wait_until_gone(const std::vector<pid_t>& pids) {
    wait_until("all of them are gone", [&] { return std::ranges::none_of(pids, is_alive); });
}

} // namespace e2e
