// SPDX-License-Identifier: ISC
#include "tests/bench/server.hh"

#include "common/address.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "tests/bench/connection.hh"
#include "tests/bench/interrupt.hh"

#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX has no header declare it

namespace bench {
namespace {

using std::chrono::steady_clock;
constexpr std::chrono::milliseconds pause{5};

std::string read_file(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream{name}.rdbuf();
    return text.str();
}

std::vector<char*> as_pointers(Words& words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

pid_t spawn(Words command, const std::string& output, Words environment) {
    for (char** entry = environ; *entry; ++entry) environment.emplace_back(*entry);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, command.at(0).c_str(), &actions, &attributes,
                                    as_pointers(command).data(), as_pointers(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) common::fail_with(error, "start", command[0]);
    return pid;
}

bool takes_connections(std::uint16_t port) {
    try {
        connect_to_port(port);
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

} // namespace

std::uint16_t find_free_port() {
    return common::local_address(common::listen_on(common::resolve_address("127.0.0.1:0").at(0)).get())
        .port();
}

Server::Server(const Words& command, std::uint16_t port, const std::string& output, const Words& environment)
    : pid_(spawn(command, output, environment)), port_(port) {
    register_group(pid_);
    const auto deadline = steady_clock::now() + std::chrono::seconds{10};
    while (!takes_connections(port)) {
        const bool ended = has_ended();
        if (!ended && steady_clock::now() < deadline) {
            std::this_thread::sleep_for(pause);
            continue;
        }
        end();
        const std::string said = read_file(output);
        throw Failure{(ended ? "it ended: " : "it does not listen: ") +
                      said.substr(said.size() - std::min<std::size_t>(said.size(), 300))};
    }
}

bool Server::has_ended() const {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == pid_;
}

void Server::end() {
    ::kill(pid_, SIGTERM);
    const auto deadline = steady_clock::now() + std::chrono::seconds{20};
    while (!has_ended() && steady_clock::now() < deadline) std::this_thread::sleep_for(pause);
    ::kill(-pid_, SIGKILL); // itself if it still runs, and whoever of its children is left
    forget_group(pid_);
    common::retry([&] { return ::waitpid(pid_, nullptr, 0); });
}

} // namespace bench
