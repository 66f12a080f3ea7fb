// SPDX-License-Identifier: ISC
// A process that the keeper has started, and the keeper's end of the pair with it.
#pragma once

#include "common/keeper/keeper_frames.hh"
#include "common/loop.hh"

#include <deque>
#include <functional>
#include <string>
#include <sys/types.h>

namespace common {

class KeptChild {
public:
    // What it says, with the descriptor that came along. A PeerError, or any other error, is the child's.
    using OnFrame = std::function<void(const KeeperFrame& frame, Fd passed)>;

    // It runs now, and this is its pair; end: of its pair with the main process, until that is given it.
    // on_fault: called for what goes wrong with it; it is to be killed.
    void begin(Loop& loop, pid_t pid, Fd pair, Fd end, OnFrame on_frame,
               std::function<void(const std::exception&)> on_fault);
    // It has ended: what it said last is heard.
    void finish();
    // Tells it that it is to end.
    void let_go() { pair_.reset(); }

    bool runs() const { return pid_ != -1; }
    pid_t pid() const { return pid_; } // -1: it does not run
    Clock::time_point started() const { return started_; }
    void signal(int number) const;
    // What finds no room in the pair waits. borrowed: a descriptor that stays open, instead of fd.
    void send(const KeeperFrame& frame, Fd fd = {}, int borrowed = -1);
    Fd take_end() { return std::move(end_); }

    bool will_start = false; // a timer is set

private:
    struct Unsent {
        std::string packet;
        Fd fd;
        int borrowed;
    };

    void flush();
    void read();

    pid_t pid_ = -1;
    Watch pair_;
    Fd end_;
    std::deque<Unsent> unsent_;
    OnFrame on_frame_;
    std::function<void(const std::exception&)> on_fault_;
    Clock::time_point started_{};
};

} // namespace common
