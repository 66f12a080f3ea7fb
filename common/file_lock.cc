// SPDX-License-Identifier: ISC
#include "common/file_lock.hh"

#include "common/errors.hh"

#include <csignal>
#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

namespace common {
namespace {

struct flock lock_of(LockedPart part) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = part.start;
    lock.l_len = part.length;
    return lock;
}

volatile std::sig_atomic_t time_is_over = 0;

// SIGALRM after the time, and again and again, so that one that comes just before a wait is not missed.
class Alarm {
public:
    explicit Alarm(std::chrono::seconds limit) {
        time_is_over = 0;
        struct sigaction wanted {}; // without SA_RESTART: the wait must end
        wanted.sa_handler = [](int) { time_is_over = 1; };
        ::sigaction(SIGALRM, &wanted, &before_);
        const itimerval timer{{0, 100'000}, {static_cast<time_t>(limit.count()), 0}};
        ::setitimer(ITIMER_REAL, &timer, nullptr);
    }
    ~Alarm() {
        const itimerval none{};
        ::setitimer(ITIMER_REAL, &none, nullptr);
        ::sigaction(SIGALRM, &before_, nullptr);
    }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

private:
    struct sigaction before_ {};
};

} // namespace

bool try_lock_file(int fd, std::string_view what, LockedPart part) {
    const struct flock wanted = lock_of(part);
    if (retry([&] { return ::fcntl(fd, F_SETLK, &wanted); }) == 0) return true;
    if (errno != EACCES && errno != EAGAIN) fail("lock", what);
    return false;
}

void lock_file(int fd, std::string_view what) {
    const struct flock whole = lock_of({});
    checked("lock", what, [&] { return ::fcntl(fd, F_SETLKW, &whole); });
}

bool lock_file_within(std::chrono::seconds limit, int fd, std::string_view what, LockedPart part) {
    const Alarm alarm{limit};
    const struct flock wanted = lock_of(part);
    while (time_is_over == 0) {
        if (::fcntl(fd, F_SETLKW, &wanted) == 0) return true;
        if (errno != EINTR) fail("lock", what);
    }
    return false;
}

void unlock_file(int fd, std::string_view what, LockedPart part) {
    struct flock none = lock_of(part);
    none.l_type = F_UNLCK;
    checked("unlock", what, [&] { return ::fcntl(fd, F_SETLK, &none); });
}

std::optional<pid_t> lock_holder(int fd, std::string_view what, LockedPart part) {
    struct flock found = lock_of(part);
    checked("lock", what, [&] { return ::fcntl(fd, F_GETLK, &found); });
    if (found.l_type == F_UNLCK) return {};
    return found.l_pid;
}

} // namespace common
