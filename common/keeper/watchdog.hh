// SPDX-License-Identifier: ISC
// Tells the service manager now and then that the daemon is alive, if it wants to hear that (WATCHDOG_USEC,
// sd_watchdog_enabled(3)); it ends a daemon that does not. Run by the keeper, of its main process.
#pragma once

#include "common/log.hh"
#include "common/loop.hh"

#include <chrono>
#include <functional>
#include <utility>

namespace common {

class Watchdog {
public:
    // is_alive: the main process serves, or another is being started in its place. loop and log must outlive
    // this.
    Watchdog(Loop& loop, Log& log, std::function<bool()> is_alive)
        : loop_(loop), log_(log), is_alive_(std::move(is_alive)) {}
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    ~Watchdog() { loop_.cancel(next_); }

    // From now on it says "WATCHDOG=1", twice in the time that WATCHDOG_USEC gives, microseconds from 1000
    // on; nothing without it, or if WATCHDOG_PID names another process. What these say wrongly is logged, and
    // then it says nothing. They stay set, for the program that this process may execute.
    void begin();

private:
    void take_turn();

    Loop& loop_;
    Log& log_;
    std::function<bool()> is_alive_;
    std::chrono::microseconds turn_{};
    Loop::TimerId next_{};
};

} // namespace common
