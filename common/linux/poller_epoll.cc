// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/poller_backends.hh"

#include <algorithm>
#include <array>
#include <string>
#include <sys/epoll.h>
#include <sys/stat.h>

namespace common {
namespace {

// Whether it is not epoll that has none of it, but something else that forbids this call.
bool can_be_waited_for(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode));
}

class EpollPoller final : public Poller {
public:
    EpollPoller(Fd epoll, bool edge_triggered) : epoll_(std::move(epoll)), edge_triggered_(edge_triggered) {}
    bool reports_again() const override { return !edge_triggered_; }

private:
    void update(int fd, Interest now, bool is_new) override {
        if (!is_new && !edge_triggered_ && interest_in(fd) == now) return;
        epoll_event wanted{};
        wanted.data.fd = fd;
        if (wants_read(now)) wanted.events |= EPOLLIN;
        if (wants_write(now)) wanted.events |= EPOLLOUT;
        if (edge_triggered_) wanted.events |= EPOLLET;
        const int usual = is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        if (::epoll_ctl(epoll_.get(), usual, fd, &wanted) == 0) return;
        // A number that could not be removed is still there; one that was closed too early is not.
        if (errno == EEXIST || errno == ENOENT) {
            const int other = errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
            if (::epoll_ctl(epoll_.get(), other, fd, &wanted) == 0) return;
        }
        const int error = errno;
        if (error != EPERM || can_be_waited_for(fd))
            fail_with(error, "epoll_ctl", "descriptor " + std::to_string(fd));
        if (is_new) always_ready_.push_back(fd);
    }

    void remove(int fd) override {
        epoll_event ignored{}; // Linux before 2.6.9 wants one
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &ignored);
        std::erase(always_ready_, fd);
    }

    void collect(int timeout_ms, const sigset_t* mask, std::vector<Event>& events) override {
        for (const int fd : always_ready_)
            if (interest_in(fd) != Interest::none) events.push_back({fd, true, true, false});
        if (!events.empty()) timeout_ms = 0;

        const int count =
            ::epoll_pwait(epoll_.get(), found_.data(), static_cast<int>(found_.size()), timeout_ms, mask);
        if (count == -1 && errno != EINTR) fail("epoll_pwait");
        for (int i = 0; i < count; ++i) {
            const epoll_event& one = found_[static_cast<std::size_t>(i)];
            events.push_back({one.data.fd, (one.events & EPOLLIN) != 0, (one.events & EPOLLOUT) != 0,
                              (one.events & (EPOLLHUP | EPOLLERR)) != 0});
        }
    }

    Fd epoll_;
    bool edge_triggered_;
    std::vector<int> always_ready_;        // those that epoll refuses with EPERM
    std::array<epoll_event, 256> found_{}; // what is ready beyond this comes first in the next wait
};

} // namespace

std::unique_ptr<Poller> make_epoll_poller(bool edge_triggered) {
    Fd epoll{::epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll && errno == ENOSYS) return nullptr;
    if (!epoll) fail("epoll_create1");
    return std::make_unique<EpollPoller>(std::move(epoll), edge_triggered);
}

} // namespace common
