// SPDX-License-Identifier: ISC
#include "common/file_lock.hh"

#include "common/errors.hh"

#include <fcntl.h>
#include <unistd.h>

namespace common {
namespace {

struct flock whole_file() {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return whole;
}

} // namespace

bool try_lock_file(int fd, std::string_view what) {
    const struct flock whole = whole_file();
    if (retry([&] { return ::fcntl(fd, F_SETLK, &whole); }) == 0) return true;
    if (errno != EACCES && errno != EAGAIN) fail("lock", what);
    return false;
}

void lock_file(int fd, std::string_view what) {
    const struct flock whole = whole_file();
    checked("lock", what, [&] { return ::fcntl(fd, F_SETLKW, &whole); });
}

std::optional<pid_t> lock_holder(int fd, std::string_view what) {
    struct flock found = whole_file();
    checked("lock", what, [&] { return ::fcntl(fd, F_GETLK, &found); });
    if (found.l_type == F_UNLCK) return {};
    return found.l_pid;
}

} // namespace common
