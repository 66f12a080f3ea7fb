// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/poller_backends.hh"

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

} // namespace

std::unique_ptr<Poller> make_select_poller() { return std::make_unique<SelectPoller>(); }

} // namespace common
