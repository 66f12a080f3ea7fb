// SPDX-License-Identifier: ISC
#include "common/loop.hh"

#include <utility>

namespace common {

void Loop::watch(int fd, Interest interest, OnEvent on_event) {
    auto shared = std::make_shared<const OnEvent>(std::move(on_event));
    poller_->watch(fd, interest);
    entries_.insert_or_assign(fd, Entry{next_++, std::move(shared)});
}

void Loop::change(int fd, Interest interest) {
    if (!entries_.contains(fd)) throw std::logic_error("change of a descriptor that is not watched");
    poller_->watch(fd, interest);
}

void Loop::forget(int fd) {
    poller_->forget(fd);
    entries_.erase(fd);
}

Loop::TimerId Loop::at(Clock::time_point when, OnTime on_time) {
    const TimerId timer{when, next_++};
    timers_.emplace(timer, std::move(on_time));
    return timer;
}

void Loop::cancel(TimerId timer) { timers_.erase(timer); }

void Loop::run_once(const sigset_t* mask, bool may_wait) {
    run_events(poller_->wait(may_wait ? until_next_timer() : std::chrono::milliseconds{0}, mask));
    run_due_timers();
}

std::optional<std::chrono::milliseconds> Loop::until_next_timer() const {
    if (timers_.empty()) return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.when - Clock::now());
}

void Loop::run_events(std::span<const Event> events) {
    const std::uint64_t first_new = next_;
    for (const Event& event : events) {
        const auto found = entries_.find(event.fd);
        // Closed and accepted anew, one number may mean another connection than when the event was collected.
        if (found == entries_.end() || found->second.generation >= first_new) continue;
        const Interest now = poller_->interest_in(event.fd);
        const Event wanted{event.fd, event.readable && wants_read(now), event.writable && wants_write(now),
                           event.hangup};
        if (!wanted.readable && !wanted.writable && !wanted.hangup) continue;
        const auto on_event = found->second.on_event;
        (*on_event)(wanted);
    }
}

void Loop::run_due_timers() {
    const auto now = Clock::now();
    std::vector<TimerId> due;
    for (auto timer = timers_.begin(); timer != timers_.end() && timer->first.when <= now; ++timer)
        due.push_back(timer->first);
    for (const TimerId& timer : due)
        if (auto running = timers_.extract(timer)) running.mapped()();
}

Watch::Watch(Loop& loop, Fd fd, Interest interest, Loop::OnEvent on_event)
    : Watch(loop, fd.get(), interest, std::move(on_event)) {
    owned_ = std::move(fd);
}

Watch::Watch(Loop& loop, int fd, Interest interest, Loop::OnEvent on_event) {
    loop.watch(fd, interest, std::move(on_event));
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
