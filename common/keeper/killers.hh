// SPDX-License-Identifier: ISC
// Processes of the keeper's that each become another user, kill one process and end: root kills what has
// become a client's only as its user, whom the system lets signal no others. Run by the keeper.
#pragma once

#include "common/loop.hh"
#include "common/privileges.hh"

#include <map>
#include <sys/types.h>
#include <vector>

namespace common {

class Killers {
public:
    // It must outlive this.
    explicit Killers(Loop& loop) : loop_(loop) {}
    ~Killers(); // kills those that are left
    Killers(const Killers&) = delete;
    Killers& operator=(const Killers&) = delete;

    // Kills the process if it is one of these users'. It must be this one's child and not yet reaped; nothing
    // while it is being killed already. Returns at once: a killer is not waited for, since others of the same
    // user could stop it, and one that takes longer than a second is killed itself. Throws std::system_error.
    void kill(pid_t victim, const std::vector<Identity>& users);
    // A child was reaped; false: it is none of these.
    bool note_end(pid_t pid);

private:
    struct Killer {
        pid_t victim;
        Loop::TimerId limit;
    };

    Loop& loop_;
    std::map<pid_t, Killer> all_; // by their own numbers
};

} // namespace common
