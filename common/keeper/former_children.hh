// SPDX-License-Identifier: ISC
// The children of the keeper in whose place this one was executed, but for the main process: the processes
// that follow them are there, and they end by themselves, an authd after some minutes. One that hangs is
// killed here. And children that go on for clients while others have taken their place.
// Run by the keeper.
#pragma once

#include "common/log.hh"
#include "common/loop.hh"
#include "common/privileges.hh"

#include <chrono>
#include <set>
#include <sys/types.h>
#include <vector>

namespace common {

class FormerChildren {
public:
    // Both must outlive this.
    FormerChildren(Loop& loop, Log& log) : loop_(loop), log_(log) {}

    // They are this process's children and not yet reaped, so that their numbers are nobody else's. Whoever
    // has not ended within the limit is killed. users: whom those became that served clients.
    void take_over(const std::vector<pid_t>& pids, std::vector<Identity> users, std::chrono::seconds limit);
    // One that ends with the last of its clients, however long that takes.
    void add(pid_t pid) { lasting_.insert(pid); }
    // A child was reaped; nothing if it is none of these.
    void note_end(pid_t pid) {
        pids_.erase(pid);
        lasting_.erase(pid);
    }
    void kill() const; // all

    bool empty() const { return pids_.empty() && lasting_.empty(); }
    const std::set<pid_t>& pids() const { return pids_; } // of those that the limit is for
    const std::set<pid_t>& lasting() const { return lasting_; }
    const std::vector<Identity>& users() const { return users_; }

private:
    static void kill_all(const std::set<pid_t>& pids);

    Loop& loop_;
    Log& log_;
    std::set<pid_t> pids_, lasting_;
    std::vector<Identity> users_;
};

} // namespace common
