// SPDX-License-Identifier: ISC
// A write lock on a file or a part of one (fcntl(2)), which other processes respect that lock it, too. It
// ends with this process, and as soon as this process closes any descriptor of that file; a forked child has
// none. It stays when this process executes another program, if that closes none of them either.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace common {

// All throw std::system_error "lock WHAT" for other errors than another process's lock (EBADF, ENOLCK). fd
// is open for writing.

// Bytes from start on; length 0: to the end, however far that is.
struct LockedPart {
    off_t start = 0, length = 0;
};

// False when another process has a lock on it.
bool try_lock_file(int fd, std::string_view what, LockedPart part = {});
// Waits for it, as long as it takes.
void lock_file(int fd, std::string_view what);
// Waits for it, at most so long; false when another process has a lock on it all that time. For a start: uses
// SIGALRM.
bool lock_file_within(std::chrono::seconds limit, int fd, std::string_view what, LockedPart part);
void unlock_file(int fd, std::string_view what, LockedPart part);
// The process whose lock keeps us out now; no value if none does. It may be gone when this returns.
std::optional<pid_t> lock_holder(int fd, std::string_view what, LockedPart part = {});

} // namespace common
