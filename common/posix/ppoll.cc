// SPDX-License-Identifier: ISC
#include "common/ppoll.hh"

#include "common/errors.hh"
#include "common/fd.hh"

#include <array>
#include <pthread.h>
#include <unistd.h>
#include <vector>

namespace common {
namespace {

// One for the process, since a handler knows nothing else. It is opened by the first wait, while the signals
// are still blocked, and closed in every forked child: two processes on one pipe would steal each other's
// wakes.
Fd wake_reader, wake_writer;

void close_wake_pipe() {
    wake_reader.reset();
    wake_writer.reset();
}

void open_wake_pipe() {
    if (wake_reader) return;
    static const int registered = ::pthread_atfork(nullptr, nullptr, close_wake_pipe);
    if (registered != 0) fail_with(registered, "pthread_atfork");
    std::array<int, 2> ends{};
    checked("pipe", {}, [&] { return ::pipe(ends.data()); });
    Fd reader{ends[0]}, writer{ends[1]};
    for (const int fd : ends) {
        set_nonblocking(fd);
        set_close_on_exec(fd);
    }
    wake_reader = std::move(reader);
    wake_writer = std::move(writer);
}

void drain_wake_pipe() {
    std::array<char, 512> bytes{};
    while (read_some(wake_reader.get(), bytes).state == IoState::done) continue;
}

} // namespace

// A signal may arrive after sigprocmask has let it in and before poll sleeps: poll then knows nothing of it.
// But the handler has left a byte in the pipe, which poll watches too, so it does not sleep.
int poll_with_mask(std::span<pollfd> fds, int timeout_ms, const sigset_t* mask) {
    if (!mask) return ::poll(fds.data(), static_cast<nfds_t>(fds.size()), timeout_ms);
    open_wake_pipe();
    drain_wake_pipe(); // signals are blocked here: those bytes are of earlier waits
    std::vector<pollfd> watched{fds.begin(), fds.end()};
    watched.push_back({wake_reader.get(), POLLIN, 0});

    sigset_t before;
    ::sigprocmask(SIG_SETMASK, mask, &before);
    int count = ::poll(watched.data(), static_cast<nfds_t>(watched.size()), timeout_ms);
    const int error = errno;
    ::sigprocmask(SIG_SETMASK, &before, nullptr);

    for (std::size_t i = 0; i < fds.size(); ++i) fds[i].revents = watched[i].revents;
    errno = error;
    if (count > 0 && watched.back().revents != 0 && --count == 0) {
        errno = EINTR;
        return -1;
    }
    return count;
}

void wake_poll() {
    const int error = errno;
    if (wake_writer) (void)!::write(wake_writer.get(), "", 1); // full: a wake is waiting there already
    errno = error;
}

} // namespace common
