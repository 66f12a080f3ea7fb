// SPDX-License-Identifier: ISC
#include "chatd/hub/orphans.hh"

#include <chrono>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::chrono::seconds rest_time{15}; // to end, where nobody tells; who can be killed is, before

} // namespace

void Orphans::add(ClientNumber client, pid_t pid) {
    if (all_.try_emplace(client, Orphan{pid}).second && pid > 0) by_pid_[pid] = client;
}

void Orphans::rest(ClientNumber client) {
    const auto orphan = all_.find(client);
    if (orphan != all_.end() && !std::exchange(orphan->second.rests, true))
        loop_.at(Clock::now() + rest_time, [this, client] { on_rested_(client); });
}

bool Orphans::kill(ClientNumber client) const {
    const auto orphan = all_.find(client);
    if (orphan == all_.end() || orphan->second.pid <= 0 || !has_subreapers()) return false;
    kill_(orphan->second.pid);
    return true;
}

std::optional<ClientNumber> Orphans::find(pid_t pid) const {
    const auto found = by_pid_.find(pid);
    if (found == by_pid_.end()) return {};
    return found->second;
}

void Orphans::remove(ClientNumber client) {
    const auto orphan = all_.find(client);
    if (orphan == all_.end()) return;
    by_pid_.erase(orphan->second.pid);
    all_.erase(orphan);
}

} // namespace chatd
