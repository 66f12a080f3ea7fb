// SPDX-License-Identifier: ISC
// The owner of a descriptor, and reading and writing that say in their type how it went. A bare int is only
// ever borrowed.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace common {

// Owns one open descriptor and closes it; close-on-exec is set by the code that opens it.
class Fd {
public:
    Fd() = default;
    explicit Fd(int number) : number_(number) {}
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~Fd() { reset(); }

    explicit operator bool() const { return number_ >= 0; }
    int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }
    void reset(int number = -1);

private:
    int number_ = -1;
};

enum class IoState {
    done,        // some bytes were moved
    would_block, // nothing to read, or no room to write, until the descriptor is ready again
    ended,       // read: the other side has written its last byte
    vanished,    // the other side is gone (reset, broken pipe, time-out)
};

struct IoResult {
    IoState state{};
    std::size_t bytes = 0; // > 0 exactly when state is done
};

// One read(2) or write(2), retried on EINTR. Errors that are not the peer's end (EIO, ENOSPC, EBADF, ...)
// throw std::system_error. write_some of nothing is done with 0 bytes.
IoResult read_some(int fd, std::span<char> into);
IoResult write_some(int fd, std::string_view bytes);
// The same for a socket, where the end of the other side is told by the result alone, without SIGPIPE.
IoResult send_some(int socket, std::string_view bytes);

// Whether an error number says that the other side of a connection is gone.
bool means_vanished(int error);

// A second number for what fd is: the lowest that is free above the standard three, closed on exec. Throws
// std::system_error "duplicate WHAT".
Fd duplicate(int fd, std::string_view what = "a descriptor");

void set_nonblocking(int fd);
void set_close_on_exec(int fd);

} // namespace common
