// SPDX-License-Identifier: ISC
#include "common/fd.hh"

#include "common/errors.hh"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace common {
namespace {

// Turns what read or write returned into the state that the caller acts on.
IoResult classify(ssize_t result, const char* verb, std::size_t wanted) {
    if (result > 0 || (result == 0 && wanted == 0)) return {IoState::done, static_cast<std::size_t>(result)};
    if (result == 0) return {IoState::ended};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoState::would_block};
    if (means_vanished(errno)) return {IoState::vanished};
    fail(verb);
}

void add_flag(int fd, int get, int set, int flag) {
    const int flags = checked("fcntl", {}, [&] { return ::fcntl(fd, get); });
    checked("fcntl", {}, [&] { return ::fcntl(fd, set, flags | flag); });
}

} // namespace

void Fd::reset(int number) {
    if (number_ >= 0) ::close(number_); // not retried: after EINTR the number may already be another's
    number_ = number;
}

IoResult read_some(int fd, std::span<char> into) {
    return classify(retry([&] { return ::read(fd, into.data(), into.size()); }), "read", into.size());
}

IoResult write_some(int fd, std::string_view bytes) {
    return classify(retry([&] { return ::write(fd, bytes.data(), bytes.size()); }), "write", bytes.size());
}

IoResult send_some(int socket, std::string_view bytes) {
    return classify(retry([&] { return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL); }), "send",
                    bytes.size());
}

bool means_vanished(int error) {
    switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN: return true;
    default: return false;
    }
}

Fd duplicate(int fd, std::string_view what) {
    return Fd{checked("duplicate", what, [&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1); })};
}

void set_nonblocking(int fd) { add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK); }
void set_close_on_exec(int fd) { add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC); }

} // namespace common
