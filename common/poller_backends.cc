// SPDX-License-Identifier: ISC
#include "common/poller_backends.hh"

#include "common/errors.hh"
#include "common/ppoll.hh"

#include <algorithm>
#include <string>
#include <sys/select.h>

namespace common {
namespace {

class SelectPoller final : public Poller {
public:
    SelectPoller() {
        FD_ZERO(&readers_);
        FD_ZERO(&writers_);
    }

private:
    void update(int fd, Interest now, bool /* is_new */) override {
        if (fd >= FD_SETSIZE)
            throw UserError("select cannot watch descriptor " + std::to_string(fd) + ", only those below " +
                            std::to_string(FD_SETSIZE) + ": use `events poll' or fewer clients");
        put(fd, readers_, wants_read(now));
        put(fd, writers_, wants_write(now));
        end_ = std::max(end_, fd + 1);
    }

    void remove(int fd) override {
        put(fd, readers_, false);
        put(fd, writers_, false);
        while (end_ > 0 && interest_in(end_ - 1) == Interest::none) --end_;
    }

    void collect(int timeout_ms, const sigset_t* mask, std::vector<Event>& events) override {
        fd_set readable = readers_, writable = writers_;
        const timespec timeout{timeout_ms / 1000, timeout_ms % 1000 * 1'000'000L};
        int left = ::pselect(end_, &readable, &writable, nullptr, timeout_ms < 0 ? nullptr : &timeout, mask);
        if (left == -1 && errno != EINTR) fail("select");
        for (int fd = 0; left > 0; ++fd) {
            const bool can_read = FD_ISSET(fd, &readable), can_write = FD_ISSET(fd, &writable);
            if (can_read || can_write) events.push_back({fd, can_read, can_write, false});
            left -= can_read + can_write;
        }
    }

    static void put(int fd, fd_set& set, bool wanted) {
        if (wanted)
            FD_SET(fd, &set);
        else
            FD_CLR(fd, &set);
    }

    fd_set readers_, writers_;
    int end_ = 0; // one more than the highest descriptor that may be in a set
};

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

std::unique_ptr<Poller> make_select_poller() { return std::make_unique<SelectPoller>(); }
std::unique_ptr<Poller> make_poll_poller() { return std::make_unique<PollPoller>(); }

} // namespace common
