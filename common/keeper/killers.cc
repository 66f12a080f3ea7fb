// SPDX-License-Identifier: ISC
#include "common/keeper/killers.hh"

#include "common/children.hh"
#include "common/far_process.hh"
#include "common/sandbox.hh"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <unistd.h>

namespace common {
namespace {

constexpr std::chrono::seconds limit{1};

// In the killer, which holds nothing else of the keeper's. held: the victim, whose number may be another's by
// now, if the system gives it.
int kill_as(const Identity& user, pid_t victim, const Fd& held) {
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, held.get()});
    become(user);
    if (!held) return ::kill(victim, SIGKILL) == 0 ? 0 : 1;
    signal_held(held, SIGKILL);
    return 0;
}

} // namespace

Killers::~Killers() {
    for (const auto& [pid, killer] : all_) ::kill(pid, SIGKILL);
}

void Killers::kill(pid_t victim, const std::vector<Identity>& users) {
    const auto is_its = [victim](const auto& killer) { return killer.second.victim == victim; };
    if (std::ranges::any_of(all_, is_its)) return;
    const Fd held = hold_process(victim);
    for (const Identity& user : users) {
        const auto pid = Children().spawn({.role = "killer"}, [&] { return kill_as(user, victim, held); });
        if (!pid) continue;
        const auto end = [killer = *pid] { ::kill(killer, SIGKILL); };
        all_[*pid] = {victim, loop_.at(Clock::now() + limit, end)};
    }
}

bool Killers::note_end(pid_t pid) {
    const auto node = all_.extract(pid);
    if (node.empty()) return false;
    loop_.cancel(node.mapped().limit);
    return true;
}

} // namespace common
