// SPDX-License-Identifier: ISC
#include "tests/bench/interrupt.hh"

#include <filesystem>
#include <mutex>
#include <set>
#include <signal.h>
#include <thread>
#include <unistd.h>

namespace bench {
namespace {

struct Registered {
    std::mutex mutex;
    std::set<pid_t> groups;
    std::string folder;
};

// One for the process, as signals are.
Registered& registered() {
    static Registered all;
    return all;
}

[[noreturn]] void end(int signal) {
    Registered& all = registered();
    const std::lock_guard lock{all.mutex};
    for (const pid_t leader : all.groups) ::kill(-leader, SIGKILL);
    std::error_code error;
    if (!all.folder.empty()) std::filesystem::remove_all(all.folder, error);
    ::_exit(128 + signal);
}

} // namespace

void watch_for_interrupts() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&wanted, signal);
    ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    std::thread{[wanted] {
        int signal = 0;
        ::sigwait(&wanted, &signal);
        end(signal);
    }}.detach();
}

void register_group(pid_t leader) {
    const std::lock_guard lock{registered().mutex};
    registered().groups.insert(leader);
}

void forget_group(pid_t leader) {
    const std::lock_guard lock{registered().mutex};
    registered().groups.erase(leader);
}

void register_folder(const std::string& folder) {
    const std::lock_guard lock{registered().mutex};
    registered().folder = folder;
}

} // namespace bench
