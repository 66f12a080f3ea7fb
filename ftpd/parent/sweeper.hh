// SPDX-License-Identifier: ISC
// Removes the unfinished uploads that sessions have left in the served tree, once they have not been
// continued for long enough (keep-partials), and the files that an upload has replaced, where its session
// died before it could (ftpd/session/replacement.hh). A process of its own, forked by the parent at its start
// and once a day, shut in like a session; it ends when its parent does. Trusts nothing in the tree.
#pragma once

#include "common/children.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <cstddef>
#include <ctime>
#include <functional>
#include <sys/types.h>

namespace ftpd {

class Records;
struct Settings;

// Removes the unfinished uploads beneath root that were last written before oldest and that no session holds,
// and what uploads replaced before oldest_replaced; follows no link. What cannot be looked at or removed is
// left. The number of unfinished uploads that were removed. is_over: asked now and then; then it stops there.
std::size_t sweep_partials(int root, std::time_t oldest, std::time_t oldest_replaced,
                           const std::function<bool()>& is_over);

// Sweeps at the start and then once a day, unless keep-partials is 0.
class Sweeper {
public:
    // settings: as they are when it is time to sweep. let_go: called in the child for what is the parent's
    // alone.
    Sweeper(common::Loop& loop, common::Log& log, Records& records, const Settings& settings,
            std::function<void()> let_go)
        : loop_(loop), log_(log), records_(records), settings_(settings), let_go_(std::move(let_go)) {}

    // The first time, and sets the timer for the next. If it cannot fork, the log says so.
    void sweep();
    // A child of this process that has ended; false: it was not this one.
    bool on_child_end(pid_t pid, int status);
    // Ends the one that works, which harms nothing. on_other: as Children::reap has it.
    void stop(const common::Children::OnOther& on_other);

private:
    void fork_child();
    int run_child(int pair) const;

    common::Loop& loop_;
    common::Log& log_;
    Records& records_;
    const Settings& settings_;
    std::function<void()> let_go_;
    common::Children child_; // one while it works; its pair brings lines for the log, as sessions' do
    bool stopping_ = false;
};

} // namespace ftpd
