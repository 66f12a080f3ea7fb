// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/poller_backends.hh"
#include "common/ppoll.hh"

#include <string>

namespace common {
namespace {

class PollPoller final : public Poller {
    void update(int fd, Interest now, bool is_new) override {
        const auto index = static_cast<std::size_t>(fd);
        if (is_new) {
            if (index >= places_.size()) places_.resize(index + 1);
            places_[index] = set_.size();
            set_.push_back({fd, 0, 0});
        }
        const int events = (wants_read(now) ? POLLIN : 0) | (wants_write(now) ? POLLOUT : 0);
        set_[places_[index]].events = static_cast<short>(events);
    }

    // The last one takes the free place, so that forgetting costs the same however many are watched.
    void remove(int fd) override {
        const std::size_t free_place = places_[static_cast<std::size_t>(fd)];
        set_[free_place] = set_.back();
        places_[static_cast<std::size_t>(set_[free_place].fd)] = free_place;
        set_.pop_back();
    }

    void collect(int timeout_ms, const sigset_t* mask, std::vector<Event>& events) override {
        int left = poll_with_mask(set_, timeout_ms, mask);
        if (left == -1 && errno != EINTR) fail("poll");
        for (auto one = set_.begin(); left > 0; ++one) {
            if (one->revents == 0) continue;
            --left;
            if (one->revents & POLLNVAL) fail_with(EBADF, "poll", "descriptor " + std::to_string(one->fd));
            events.push_back({one->fd, (one->revents & POLLIN) != 0, (one->revents & POLLOUT) != 0,
                              (one->revents & (POLLHUP | POLLERR)) != 0});
        }
    }

    std::vector<pollfd> set_;
    std::vector<std::size_t> places_; // where in set_ a descriptor stands
};

} // namespace

std::unique_ptr<Poller> make_poll_poller() { return std::make_unique<PollPoller>(); }

} // namespace common
