// SPDX-License-Identifier: ISC
// Opens and names files beneath one directory with the semantics of chroot(2), without needing its privilege:
// symbolic links are followed, absolute ones from that directory, `..' never leads above it, at most 40
// links. Linux asks the kernel (openat2(2), RESOLVE_IN_ROOT); elsewhere, and where the kernel lacks it, a
// walk with O_NOFOLLOW, readlinkat and a stack of directories does the same. Paths are bytes; a leading `/'
// means root.
#pragma once

#include "common/fd.hh"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace common {

inline constexpr int max_links_followed = 40; // as Linux does; beyond it ELOOP

// open(2) of path beneath root. flags: as for open(2), O_CLOEXEC is added; O_NOFOLLOW concerns the last
// component only. Throws std::system_error with the errno of open(2): ENOENT, ENOTDIR, EACCES, ELOOP,
// ENAMETOOLONG, ... and EINVAL for a path with a NUL in it.
Fd open_beneath(int root, std::string_view path, int flags, mode_t mode = 0);

// A file's place: its directory, opened, and its name in it, for the *at(2) calls. The name is one component,
// never empty, `.' or `..' and has no slash.
struct Place {
    Fd directory;
    std::string name;
};

enum class LastLink {
    keep,   // the place of the link itself: for unlink, rename, lstat
    follow, // the place that the link (and links it leads to) names, which need not exist: for creating
};

// The place of path beneath root. Throws like open_beneath; EINVAL when path is the root itself.
Place place_beneath(int root, std::string_view path, LastLink last);

// The portable walk, whatever the kernel has; open_beneath in a POSIX build and the tests' second opinion.
Fd open_beneath_by_walk(int root, std::string_view path, int flags, mode_t mode = 0);

} // namespace common
