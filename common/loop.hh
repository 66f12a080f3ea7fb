// SPDX-License-Identifier: ISC
// The event loop of a process that serves many (ftpd's parent, chatd's hub and spawner, authd): which
// function runs when a descriptor is ready or a moment has come. A callback may watch, forget and set timers
// freely, also for others in the same round: a forgotten descriptor's callback is not called any more, even
// if its event was already collected, nor is one called for what its descriptor is no longer watched for.
// What a callback throws ends the round and leaves run_once; the other events of that round may be lost, so
// this is for errors that end the process.
#pragma once

#include "common/fd.hh"
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

    void watch(int fd, Interest interest, OnEvent on_event); // throws as Poller::watch does
    void change(int fd, Interest interest);                  // keeps the callback; fd must be watched
    void forget(int fd);                                     // before fd is closed
    void again(int fd) { poller_->again(fd); }

    TimerId at(Clock::time_point when, OnTime on_time);
    void cancel(TimerId timer); // nothing if it has already run

    // Waits for the next events or timer or signal (mask as in Poller::wait), runs first the events'
    // callbacks, then the timers that are due, in their order, and returns. A timer that a timer's
    // callback sets runs in the next round at the earliest. Not to be called from a callback. Without
    // may_wait it takes only what is there already.
    void run_once(const sigset_t* mask, bool may_wait = true);

private:
    struct Entry {
        std::uint64_t generation;
        std::shared_ptr<const OnEvent> on_event; // shared, so that a callback may forget itself while it runs
    };
    std::optional<std::chrono::milliseconds> until_next_timer() const;
    void run_events(std::span<const Event> events);
    void run_due_timers();

    std::unique_ptr<Poller> poller_;
    std::unordered_map<int, Entry> entries_;
    std::map<TimerId, OnTime> timers_;
    std::uint64_t next_ = 1;
};

// A descriptor that a loop watches for as long as this lives: the loop forgets it before it is closed,
// however its owner ends. The loop must outlive this. What a callback holds stays until it returns, also when
// it ends its own watch.
class Watch {
public:
    Watch() = default; // watches nothing
    // Throws as Loop::watch. Of an Fd this becomes the owner; a bare number is borrowed, and must stay open
    // for as long as it is watched.
    Watch(Loop& loop, Fd fd, Interest interest, Loop::OnEvent on_event);
    Watch(Loop& loop, int fd, Interest interest, Loop::OnEvent on_event);
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch() { reset(); }

    explicit operator bool() const { return loop_ != nullptr; }
    int fd() const { return fd_; } // -1 when it watches nothing
    // As in Loop; there must be something that is watched.
    void change(Interest interest) { loop_->change(fd_, interest); }
    void again() { loop_->again(fd_); }
    // Ends the watch, and closes the descriptor if it owns that.
    void reset();
    // Ends the watch; the descriptor goes to the caller, who gets none if it was borrowed.
    Fd release();

private:
    Loop* loop_ = nullptr;
    int fd_ = -1;
    Fd owned_;
};

} // namespace common
