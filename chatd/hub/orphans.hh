// SPDX-License-Identifier: ISC
// Handlers whose spawner is gone: it has died, or has let go after an upgrade. Where the system can (Linux)
// the keeper tells of their end, by the process's number; of the others nobody does, and some time after
// their clients have left they must have ended. Run by the hub.
#pragma once

#include "chatd/hub/marks.hh"
#include "common/loop.hh"
#include "common/subreaper.hh"

#include <functional>
#include <map>
#include <optional>
#include <sys/types.h>

namespace chatd {

class Orphans {
public:
    // on_rested: one must have ended by now; it may have been told before. kill: one that the keeper has
    // inherited. loop must outlive this.
    Orphans(common::Loop& loop, std::function<void(ClientNumber)> on_rested, std::function<void(pid_t)> kill)
        : loop_(loop), on_rested_(std::move(on_rested)), kill_(std::move(kill)) {}

    // pid: -1 where it is not known. Nothing for one that is here.
    void add(ClientNumber client, pid_t pid);
    bool has(ClientNumber client) const { return all_.contains(client); }
    // False: nobody can, since its number is not known, or the system has it.
    bool kill(ClientNumber client) const;
    // Whether some will be told to have ended, since the keeper has inherited them.
    bool are_awaited() const { return common::has_subreapers() && !by_pid_.empty(); }
    // The client has left; nothing if its handler is none of these.
    void rest(ClientNumber client);
    // A process has ended that is nobody's: whose handler it was, if it was one of these. Another process may
    // have its number by now, but none of these.
    std::optional<ClientNumber> find(pid_t pid) const;
    // It has ended.
    void remove(ClientNumber client);

private:
    struct Orphan {
        pid_t pid;
        bool rests = false;
    };

    common::Loop& loop_;
    std::function<void(ClientNumber)> on_rested_;
    std::function<void(pid_t)> kill_;
    std::map<ClientNumber, Orphan> all_;
    std::map<pid_t, ClientNumber> by_pid_;
};

} // namespace chatd
