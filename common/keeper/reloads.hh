// SPDX-License-Identifier: ISC
// Reading the configuration again, one time after the other: it is read, a program looks at the files that it
// names, if the plan says so, it is opened, the main process is given it, and what that says decides which
// one is in force. Run by the keeper.
#pragma once

#include "common/config.hh"
#include "common/keeper/holdings.hh"
#include "common/keeper/keeper_pair.hh"
#include "common/keeper/paper.hh"
#include "common/keeper/plan.hh"
#include "common/keeper/program_run.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/options.hh"

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace common {

// Packets for each line of a configuration, at the most: the line, what it opens, what is said of it.
inline constexpr std::size_t packets_for_line = 8;

class Reloads {
public:
    struct Coming {
        std::vector<ConfigLine> config;
        Plan plan;
    };
    struct Callbacks {
        std::function<bool()> may_begin;   // nothing else is under way that it would be in the way of
        std::function<KeeperPair*()> main; // the pair with the main process; nullptr: none runs
        // Processes that have read something else than what is there now: others are to be there before the
        // main process says that it has done its part.
        std::function<void(const Plan& coming)> renew_readers;
        std::function<void(Coming)> put_in_force;
    };

    // All must outlive this.
    struct Parts {
        const Duties& duties;
        const DaemonOptions& options;
        const std::vector<ConfigLine>& config; // that is in force
        const Plan& plan;                      // of it
        Holdings& holdings;
        Log& log;
        Loop& loop;
        const Invocation& invocation;
    };
    Reloads(const Parts& parts, Callbacks callbacks)
        : parts_(parts), callbacks_(std::move(callbacks)), look_(parts.loop, parts.invocation) {}

    // asked: by the main process; else by a signal, of which one that waits is enough. Throws PeerError for
    // too many.
    void ask(bool asked);
    // What waits, if it can.
    void go_on();
    bool is_under_way() const { return coming_ || looked_at_; }
    // The main process has said whether it is in force. Throws PeerError when it was given none.
    void on_applied(bool in_force);
    // The main process has ended, and with it what it has asked for.
    void on_main_end();
    // A child of this process has ended; false: it is none of this.
    bool on_child_end(pid_t pid, int status) { return look_.on_child_end(pid, status); }

    // What waits, for the keeper that follows this one; and there.
    void write(Paper& paper) const { paper.reloads.assign(waiting_.begin(), waiting_.end()); }
    void take_over(const Paper& paper);

private:
    struct Read {
        bool asked;
        Coming coming;
        std::vector<Note> told;
    };

    void attempt(bool asked, const std::function<void()>& step);
    void read(bool asked);
    void look(Read read);
    void on_looked(const ProgramRun::Result& result);
    void offer(Read read);

    Parts parts_;
    Callbacks callbacks_;
    ProgramRun look_;
    std::optional<Read> looked_at_; // until that has an answer
    std::optional<Coming> coming_;  // until the main process has applied it
    std::deque<bool> waiting_;      // true: the main process has asked
};

} // namespace common
