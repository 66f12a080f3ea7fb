// SPDX-License-Identifier: ISC
// A process that the keeper has started, and the keeper's end of the pair with it.
#pragma once

#include "common/keeper/keeper_pair.hh"
#include "common/loop.hh"

#include <exception>
#include <functional>
#include <memory>
#include <sys/types.h>

namespace common {

class KeptChild {
public:
    struct Callbacks {
        KeeperPair::OnFrame on_frame;
        // For what is the child's fault; it is to be killed. What on_frame throws is that.
        std::function<void(const std::exception&)> on_fault;
        std::function<void()> on_sent; // as KeeperPair has it
    };
    // It runs now, and this is its pair; end: the other one's of its pair with the main process, for each of
    // those that follow one another there.
    void begin(Loop& loop, pid_t pid, Fd pair, Fd end, Callbacks callbacks);
    // It has ended: what it said last is heard.
    void finish();

    bool runs() const { return pid_ != -1; }
    pid_t pid() const { return pid_; } // -1: it does not run
    Clock::time_point started() const { return started_; }
    void signal(int number) const;
    const std::shared_ptr<const Fd>& end() const { return end_; } // nullptr: there is none
    // From now on the main process alone has it, and the child sees when that has ended.
    void drop_end() { end_.reset(); }
    // It goes on by itself, and nothing is heard of it any more: another may begin. Its number.
    pid_t let_go();

    KeeperPair pair{{.unanswered = 64, .unsent = 1024}};
    bool will_start = false; // a timer is set

private:
    pid_t pid_ = -1;
    std::shared_ptr<const Fd> end_;
    std::function<void(const std::exception&)> on_fault_;
    Clock::time_point started_{};
};

} // namespace common
