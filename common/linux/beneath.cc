// SPDX-License-Identifier: ISC
#include "common/beneath.hh"

#include "common/errors.hh"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace common {

const int open_for_search = O_PATH;

Fd open_beneath(int root, std::string_view path, int flags, mode_t mode) {
    // EAGAIN: a rename somewhere in the system made a `..' uncertain. A busy machine may keep us from getting
    // through, and somebody may see to that, so we do not try for ever.
    constexpr int tries = 16;

    if (path.find('\0') != path.npos) fail_with(EINVAL, "open");
    const std::string name{path};
    open_how how{}; // openat2 refuses what openat ignores, and leaves O_LARGEFILE to its caller
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_LARGEFILE));
    how.mode = flags & O_CREAT ? mode & 07777 : 0;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int i = 0; i < tries; ++i) {
        const long fd = retry([&] { return ::syscall(SYS_openat2, root, name.c_str(), &how, sizeof how); });
        if (fd != -1) return Fd{static_cast<int>(fd)};
        if (errno == EAGAIN) continue;
        if (errno == ENOSYS || errno == EPERM)
            break; // no such call; or a filter that says so, or open's own EPERM
        fail("open", path);
    }
    return open_beneath_by_walk(root, path, flags, mode);
}

} // namespace common
