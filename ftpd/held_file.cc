// SPDX-License-Identifier: ISC
#include "ftpd/held_file.hh"

#include "common/errors.hh"
#include "common/file_lock.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>

using namespace common;

namespace ftpd {

bool is_named(int directory, const std::string& name, const struct stat& file) {
    struct stat named {};
    if (::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0)
        return named.st_ino == file.st_ino && named.st_dev == file.st_dev;
    if (errno != ENOENT) fail("look at", name);
    return false;
}

HeldFile hold_file(int directory, const std::string& name, int more_flags) {
    using State = HeldFile::State;
    constexpr mode_t mode = 0666; // less the umask
    HeldFile held{State::absent};
    held.file = Fd{retry([&] {
        return ::openat(directory, name.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | more_flags,
                        mode);
    })};
    if (!held.file && errno == ENOENT && more_flags == 0) return held;
    if (!held.file) fail("open", name);
    if (!try_lock_file(held.file.get(), name)) return {State::in_use};
    checked("stat", name, [&] { return ::fstat(held.file.get(), &held.status); });
    if (!is_named(directory, name, held.status)) return {State::absent};
    held.state = State::held;
    return held;
}

namespace {

// Errors of open(2) that nobody who runs as we do is spared: the mode, the file system, a program that runs,
// and what is no regular file.
bool cannot_be_written_to(int error) {
    constexpr std::array all{EACCES, EPERM, EROFS, ETXTBSY, EISDIR, ELOOP, ENXIO};
    return std::ranges::find(all, error) != all.end();
}

} // namespace

HeldFile hold_to_move(int directory, const std::string& name) {
    try {
        return hold_file(directory, name);
    } catch (const std::system_error& error) {
        if (!cannot_be_written_to(error.code().value())) throw;
        return {HeldFile::State::held};
    }
}

} // namespace ftpd
