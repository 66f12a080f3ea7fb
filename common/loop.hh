// SPDX-License-Identifier: ISC
// The event loop of a parent (ftpd's, chatd's hub): which function runs when a descriptor is ready or a
// moment has come. A callback may watch, forget and set timers freely, also for others in the same round: a
// forgotten descriptor's callback is not called any more, even if its event was already collected.
#pragma once

#include "common/poller.hh"

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

namespace common {

using Clock = std::chrono::steady_clock; // a clock that jumps would close sessions

class Loop {
public:
    using OnEvent = std::function<void(const Event&)>;
    using OnTime = std::function<void()>;
    struct TimerId {
        Clock::time_point when{};
        std::uint64_t serial = 0;
        auto operator<=>(const TimerId&) const = default;
    };

    explicit Loop(Backend backend) : poller_(Poller::make(backend)) {}

    void watch(int fd, Interest interest, OnEvent on_event);
    void change(int fd, Interest interest); // keeps the callback
    void forget(int fd);                    // before fd is closed
    void again(int fd) { poller_->again(fd); }

    TimerId at(Clock::time_point when, OnTime on_time);
    void cancel(TimerId timer); // nothing if it has already run

    // Waits for the next events or timer, runs what is due, and returns. Signals of mask arrive inside.
    void run_once(const sigset_t* mask);

private:
    struct Entry {
        std::uint64_t generation;
        OnEvent on_event;
    };
    std::unique_ptr<Poller> poller_;
    std::unordered_map<int, Entry> entries_;
    std::map<TimerId, OnTime> timers_;
    std::uint64_t next_ = 1;
};

} // namespace common
