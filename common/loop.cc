// SPDX-License-Identifier: ISC
#include "common/loop.hh"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <system_error>
#include <utility>
#include <vector>

namespace common {

std::optional<std::chrono::milliseconds> Patience::fail(Clock::time_point now) {
    if (!is_failing()) since_ = now;
    if (now - since_ >= limits_.all) return {};
    pause_ = is_failing() ? std::min(2 * pause_, limits_.longest) : limits_.first;
    return pause_;
}

Loop::Loop(std::unique_ptr<Poller> poller, Patience::Limits limits)
    : poller_(std::move(poller)), limits_(limits), waiting_(limits) {}

void Loop::watch(int fd, Interest interest, OnEvent on_event, OnError on_error) {
    auto shared = std::make_shared<const Callbacks>(Callbacks{std::move(on_event), std::move(on_error)});
    Entry& entry = entries_[fd];
    try {
        poller_->watch(fd, interest);
    } catch (const std::exception&) {
        if (!entry.callbacks) entries_.erase(fd);
        throw;
    }
    if (!unset_.empty()) unset_.erase(fd);
    entry = {next_++, std::move(shared)};
}

void Loop::change(int fd, Interest interest) {
    if (!entries_.contains(fd)) throw std::logic_error("change of a descriptor that is not watched");
    if (!unset_.empty()) unset_.erase(fd);
    try {
        poller_->watch(fd, interest);
    } catch (const std::exception& error) {
        set_later(fd, interest, error);
    }
}

void Loop::set_later(int fd, Interest wanted, const std::exception& error) {
    Unset& unset = unset_.try_emplace(fd, Unset{wanted, Patience{limits_}}).first->second;
    if (const auto time = unset.patience.fail(Clock::now())) {
        at(Clock::now() + *time, [this, fd] { set_again(fd); });
        return;
    }
    unset_.erase(fd);
    const auto callbacks = entries_.at(fd).callbacks;
    charge(error, callbacks->on_error);
}

void Loop::set_again(int fd) {
    const auto found = unset_.find(fd);
    if (found == unset_.end()) return; // it was forgotten, or wanted otherwise, meanwhile
    const Interest wanted = found->second.wanted;
    try {
        poller_->watch(fd, wanted);
        unset_.erase(fd);
    } catch (const std::exception& error) {
        set_later(fd, wanted, error);
    }
}

void Loop::forget(int fd) {
    if (!unset_.empty()) unset_.erase(fd);
    poller_->forget(fd);
    entries_.erase(fd);
}

Loop::TimerId Loop::at(Clock::time_point when, OnTime on_time, OnError on_error) {
    const TimerId timer{when, next_++};
    timers_.emplace(timer, Timer{std::move(on_time), std::move(on_error)});
    return timer;
}

void Loop::cancel(TimerId timer) { timers_.erase(timer); }

void Loop::run_once(const sigset_t* mask, bool may_wait) {
    std::span<const Event> events;
    try {
        events = poller_->wait(may_wait ? until_next_timer() : std::chrono::milliseconds{0}, mask);
        waiting_.succeed();
    } catch (const std::exception& error) {
        live_through_failed_wait(error, mask);
    }
    const bool is_idle = !run_events(events);
    run_due_timers();
    // What is reported and not wanted, and cannot be told so, would be reported at once again.
    if (is_idle && !events.empty() && !unset_.empty()) pause(limits_.first, mask);
}

void Loop::live_through_failed_wait(const std::exception& error, const sigset_t* mask) {
    const auto* const failure = dynamic_cast<const std::system_error*>(&error);
    if (failure != nullptr && failure->code().value() == EBADF) drop_closed();
    const auto time = waiting_.fail(Clock::now());
    if (!time) throw; // cppcheck-suppress rethrowNoCurrentException
    const auto until_timer = until_next_timer().value_or(*time);
    pause(std::clamp(until_timer, std::chrono::milliseconds{0}, *time), mask);
}

// Whatever was closed before it was forgotten is its owner's fault, who would keep all others waiting.
void Loop::drop_closed() {
    std::vector<int> closed;
    for (const auto& [fd, entry] : entries_)
        if (::fcntl(fd, F_GETFD) == -1) closed.push_back(fd);
    for (const int fd : closed) {
        const auto found = entries_.find(fd);
        if (found == entries_.end()) continue;
        const auto callbacks = found->second.callbacks;
        forget(fd);
        attempt([] { throw std::system_error(EBADF, std::generic_category(), "wait"); }, callbacks->on_error);
    }
}

// Not with what has failed. Signals come afterwards.
void Loop::pause(std::chrono::milliseconds time, const sigset_t* mask) const {
    const std::chrono::nanoseconds all{time};
    const timespec wanted{static_cast<time_t>(all.count() / 1'000'000'000),
                          static_cast<long>(all.count() % 1'000'000'000)};
    ::nanosleep(&wanted, nullptr);
    if (mask == nullptr) return;
    sigset_t before;
    ::sigprocmask(SIG_SETMASK, mask, &before);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

std::optional<std::chrono::milliseconds> Loop::until_next_timer() const {
    if (timers_.empty()) return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.when - Clock::now());
}

// Whether any was wanted.
bool Loop::run_events(std::span<const Event> events) {
    bool ran = false;
    const std::uint64_t first_new = next_;
    for (const Event& event : events) {
        const auto found = entries_.find(event.fd);
        // Closed and accepted anew, one number may mean another connection than when the event was collected.
        if (found == entries_.end() || found->second.generation >= first_new) continue;
        const auto unset = unset_.empty() ? unset_.end() : unset_.find(event.fd);
        const Interest now = unset == unset_.end() ? poller_->interest_in(event.fd) : unset->second.wanted;
        const Event wanted{event.fd, event.readable && wants_read(now), event.writable && wants_write(now),
                           event.hangup};
        if (!wanted.readable && !wanted.writable && !wanted.hangup) continue;
        ran = true;
        const auto callbacks = found->second.callbacks;
        attempt([&] { callbacks->on_event(wanted); }, callbacks->on_error);
    }
    return ran;
}

// Those that are set meanwhile wait for the next round, whatever their moment.
void Loop::run_due_timers() {
    const auto now = Clock::now();
    const std::uint64_t first_new = next_;
    TimerId last{};
    for (auto timer = timers_.begin(); timer != timers_.end() && timer->first.when <= now;
         timer = timers_.upper_bound(last)) {
        last = timer->first;
        if (last.serial >= first_new) continue;
        auto running = timers_.extract(timer);
        attempt([&] { running.mapped().on_time(); }, running.mapped().on_error);
    }
}

// Called while the error is handled.
void Loop::charge(const std::exception& error, const OnError& on_error) {
    if (!on_error) return tell_nobody(error);
    try {
        on_error(error);
    } catch (const std::exception& another) {
        tell_nobody(another);
    }
}

void Loop::tell_nobody(const std::exception& error) {
    if (!nobodys_) throw; // cppcheck-suppress rethrowNoCurrentException
    try {
        nobodys_(error);
    } catch (const std::exception&) {
        // No memory for the words, say.
    }
}

Watch::Watch(Loop& loop, Fd fd, Interest interest, Loop::OnEvent on_event, Loop::OnError on_error)
    : Watch(loop, fd.get(), interest, std::move(on_event), std::move(on_error)) {
    owned_ = std::move(fd);
}

Watch::Watch(Loop& loop, int fd, Interest interest, Loop::OnEvent on_event, Loop::OnError on_error) {
    loop.watch(fd, interest, std::move(on_event), std::move(on_error));
    loop_ = &loop;
    fd_ = fd;
}

Watch::Watch(Watch&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)),
      fd_(std::exchange(other.fd_, -1)),
      owned_(std::move(other.owned_)) {}

Watch& Watch::operator=(Watch&& other) noexcept {
    if (this == &other) return *this;
    // What other watches is not forgotten, even if it is what this watched until now.
    if (loop_ == other.loop_ && fd_ == other.fd_) loop_ = nullptr;
    reset();
    loop_ = std::exchange(other.loop_, nullptr);
    fd_ = std::exchange(other.fd_, -1);
    owned_ = std::move(other.owned_);
    return *this;
}

void Watch::reset() { release(); }

Fd Watch::release() {
    if (loop_ != nullptr) std::exchange(loop_, nullptr)->forget(fd_);
    fd_ = -1;
    return std::move(owned_);
}

} // namespace common
