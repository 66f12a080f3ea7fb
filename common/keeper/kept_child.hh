// SPDX-License-Identifier: ISC
// A process that the keeper has started, and the keeper's end of the pair with it.
#pragma once

#include "common/keeper/keeper_pair.hh"
#include "common/loop.hh"

#include <exception>
#include <functional>
#include <sys/types.h>

namespace common {

class KeptChild {
public:
    // It runs now, and this is its pair; end: of its pair with the main process, until that is given it.
    // on_fault: for what is the child's fault; it is to be killed. What on_frame throws is that.
    void begin(Loop& loop, pid_t pid, Fd pair, Fd end, KeeperPair::OnFrame on_frame,
               std::function<void(const std::exception&)> on_fault);
    // It has ended: what it said last is heard.
    void finish();

    bool runs() const { return pid_ != -1; }
    pid_t pid() const { return pid_; } // -1: it does not run
    Clock::time_point started() const { return started_; }
    void signal(int number) const;
    Fd take_end() { return std::move(end_); }

    KeeperPair pair{{.unanswered = 64, .unsent = 1024}};
    bool will_start = false; // a timer is set

private:
    pid_t pid_ = -1;
    Fd end_;
    std::function<void(const std::exception&)> on_fault_;
    Clock::time_point started_{};
};

} // namespace common
