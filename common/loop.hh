// SPDX-License-Identifier: ISC
// The event loop of a process that serves many (ftpd's parent, chatd's hub and spawner, authd): which
// function runs when a descriptor is ready or a moment has come. A callback may watch, forget and set timers
// freely, also for others in the same round: a forgotten descriptor's callback is no longer called, even
// if its event was already collected, nor is one called for what its descriptor is no longer watched for.
//
// Whatever goes wrong in a callback is charged to whom it worked for: each watch and each timer has an owner,
// a client, a helper or a socket of our own, and says what becomes of that (OnError). The other events of the
// round still come. What belongs to nobody goes to survive(); in a process without that, which serves one, it
// leaves run_once.
#pragma once

#include "common/fd.hh"
#include "common/poller.hh"

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>

namespace common {

using Clock = std::chrono::steady_clock; // a clock that jumps would close sessions

// How often something that fails is tried again: after 10 ms, then twice as long each time, up to 1 s; and
// after 10 s in which it always failed no more. Without a clock of its own.
class Patience {
public:
    struct Limits {
        std::chrono::milliseconds first{10}, longest{1000}, all{10'000};
    };

    Patience() = default;
    explicit Patience(Limits limits) : limits_(limits) {}
    // It failed. How long to wait before the next try; no value: it has failed for too long.
    std::optional<std::chrono::milliseconds> fail(Clock::time_point now);
    void succeed() { pause_ = {}; }
    bool is_failing() const { return pause_.count() > 0; }

private:
    Limits limits_{};
    std::chrono::milliseconds pause_{}; // the last one; 0: it did not fail
    Clock::time_point since_{};
};

class Loop {
public:
    using OnEvent = std::function<void(const Event&)>;
    using OnTime = std::function<void()>;
    // What becomes of the owner of a callback that threw this. It must end or pause what would throw again.
    using OnError = std::function<void(const std::exception&)>;
    struct TimerId {
        Clock::time_point when{};
        std::uint64_t serial = 0;
        auto operator<=>(const TimerId&) const = default;
    };

    explicit Loop(Backend backend, Patience::Limits limits = {}) : Loop(Poller::make(backend), limits) {}
    explicit Loop(std::unique_ptr<Poller> poller, Patience::Limits limits = {});

    // Throws as Poller::watch does, and then watches nothing: that costs one client.
    void watch(int fd, Interest interest, OnEvent on_event, OnError on_error = nullptr);
    // Keeps the callbacks; fd must be watched. Where the system refuses, it is tried again, with pauses, and
    // what is not wanted any more is not reported meanwhile; if it refuses for too long, on_error is told.
    void change(int fd, Interest interest);
    void forget(int fd); // before fd is closed
    void again(int fd) { poller_->again(fd); }

    TimerId at(Clock::time_point when, OnTime on_time, OnError on_error = nullptr);
    void cancel(TimerId timer); // nothing if it has already run

    // Runs work that is not a callback of its owner's: one of many that a round has settled, or a child that
    // was reaped. What it throws goes to on_error, as a callback's does.
    template <class Work>
    void attempt(const Work& work, const OnError& on_error) {
        try {
            work();
        } catch (const std::exception& error) {
            charge(error, on_error);
        }
    }
    // From now on nothing that a callback throws leaves run_once: what nobody is charged with, or what an
    // on_error threw itself, is told here, to be logged and lived through.
    void survive(OnError nobodys) { nobodys_ = std::move(nobodys); }

    // Waits for the next events or timer or signal (mask as in Poller::wait), runs first the events'
    // callbacks, then the timers that are due, in their order, and returns. A timer that a timer's
    // callback sets runs in the next round at the earliest. Not to be called from a callback. Without
    // may_wait it takes only what is there already. When waiting itself fails, it pauses and returns; throws
    // std::system_error when it has failed for 10 s: then the process cannot serve.
    void run_once(const sigset_t* mask, bool may_wait = true);

private:
    struct Callbacks {
        OnEvent on_event;
        OnError on_error;
    };
    struct Entry {
        std::uint64_t generation;
        std::shared_ptr<const Callbacks> callbacks; // shared, so that one may forget itself while it runs
    };
    struct Timer {
        OnTime on_time;
        OnError on_error;
    };
    // A change that the system has refused.
    struct Unset {
        Interest wanted;
        Patience patience;
    };
    std::optional<std::chrono::milliseconds> until_next_timer() const;
    void live_through_failed_wait(const std::exception& error, const sigset_t* mask);
    void pause(std::chrono::milliseconds time, const sigset_t* mask) const;
    void drop_closed();
    bool run_events(std::span<const Event> events);
    void run_due_timers();
    void set_later(int fd, Interest wanted, const std::exception& error);
    void set_again(int fd);
    void charge(const std::exception& error, const OnError& on_error);
    void tell_nobody(const std::exception& error);

    std::unique_ptr<Poller> poller_;
    Patience::Limits limits_;
    Patience waiting_; // with the wait itself
    OnError nobodys_;
    std::unordered_map<int, Entry> entries_;
    std::unordered_map<int, Unset> unset_; // mostly none
    std::map<TimerId, Timer> timers_;
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
    Watch(Loop& loop, Fd fd, Interest interest, Loop::OnEvent on_event, Loop::OnError on_error = nullptr);
    Watch(Loop& loop, int fd, Interest interest, Loop::OnEvent on_event, Loop::OnError on_error = nullptr);
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
