// SPDX-License-Identifier: ISC
#include "common/poller.hh"

#include "common/errors.hh"
#include "common/poller_backends.hh"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

namespace common {
namespace {

struct BackendWord {
    std::string_view word;
    Backend backend;
};

constexpr std::array<BackendWord, 4> backend_words{{
    {"select", Backend::select},
    {"poll", Backend::poll},
    {"epoll", Backend::epoll},
    {"epoll-edge", Backend::epoll_edge},
}};

int to_timeout(std::optional<std::chrono::milliseconds> at_most) {
    if (!at_most) return -1;
    constexpr std::chrono::milliseconds longest{std::numeric_limits<int>::max()};
    return static_cast<int>(std::clamp(*at_most, std::chrono::milliseconds{0}, longest).count());
}

void deliver_pending(const sigset_t& mask) {
    sigset_t none{}, pending{}; // all of their bytes, of which the C library fills those that it needs
    ::sigemptyset(&none);
    // Mostly there is none: then it costs one call, not three.
    if (::sigpending(&pending) == 0 && std::memcmp(&pending, &none, sizeof none) == 0) return;
    sigset_t before;
    ::sigprocmask(SIG_SETMASK, &mask, &before);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

} // namespace

Backend parse_backend(std::string_view word) {
    for (const BackendWord& known : backend_words)
        if (known.word == word) return known.backend;
    throw UserError("`" + std::string{word} +
                    "' is not a way to wait: use select, poll, epoll or epoll-edge");
}

std::string_view backend_name(Backend backend) {
    for (const BackendWord& known : backend_words)
        if (known.backend == backend) return known.word;
    throw std::logic_error("a backend without a name");
}

Backend best_backend() { return make_epoll_poller(false) ? Backend::epoll : Backend::poll; }

std::unique_ptr<Poller> Poller::make(Backend backend) {
    if (backend == Backend::select) return make_select_poller();
    if (backend == Backend::poll) return make_poll_poller();
    if (auto poller = make_epoll_poller(backend == Backend::epoll_edge)) return poller;
    throw UserError("this system has no epoll: use `events poll'");
}

void Poller::watch(int fd, Interest interest) {
    if (fd < 0) throw std::logic_error("watch of a descriptor that is not open");
    const auto index = static_cast<std::size_t>(fd);
    if (index >= table_.size()) table_.resize(index + 1);
    update(fd, interest, !table_[index].watched);
    table_[index].watched = true;
    table_[index].interest = interest;
}

void Poller::forget(int fd) {
    Watched* const entry = find_watched(fd);
    if (!entry) return;
    *entry = {};
    remove(fd);
}

void Poller::again(int fd) {
    Watched* const entry = find_watched(fd);
    if (!entry || entry->on_ready_list) return;
    entry->on_ready_list = true;
    ready_.push_back(fd);
}

Interest Poller::interest_in(int fd) const {
    const auto index = static_cast<std::size_t>(fd);
    return index < table_.size() ? table_[index].interest : Interest::none;
}

Poller::Watched* Poller::find_watched(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    return index < table_.size() && table_[index].watched ? &table_[index] : nullptr;
}

std::span<const Event> Poller::wait(std::optional<std::chrono::milliseconds> at_most, const sigset_t* mask) {
    events_.clear();
    const int timeout = ready_.empty() ? to_timeout(at_most) : 0;
    collect(timeout, mask, events_);
    // Linux lets no signal in when it finds events or need not sleep: a busy descriptor would hold up
    // SIGTERM.
    if (mask && (timeout == 0 || !events_.empty())) deliver_pending(*mask);
    for (Event& event : events_) {
        const Interest interest = interest_in(event.fd);
        event.readable = wants_read(interest) && (event.readable || event.hangup);
        event.writable = wants_write(interest) && (event.writable || event.hangup);
    }
    add_ready_list();
    return events_;
}

void Poller::add_ready_list() {
    if (ready_.empty()) return;
    for (Event& event : events_) {
        Watched& entry = table_[static_cast<std::size_t>(event.fd)];
        if (!std::exchange(entry.on_ready_list, false)) continue;
        event.readable = wants_read(entry.interest);
        event.writable = wants_write(entry.interest);
    }
    for (const int fd : ready_) {
        Watched& entry = table_[static_cast<std::size_t>(fd)];
        if (!std::exchange(entry.on_ready_list, false) || entry.interest == Interest::none) continue;
        events_.push_back({fd, wants_read(entry.interest), wants_write(entry.interest), false});
    }
    ready_.clear();
}

} // namespace common
