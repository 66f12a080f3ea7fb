// SPDX-License-Identifier: ISC
// Opens and names files beneath one directory with the semantics of chroot(2), without needing its privilege:
// symbolic links are followed, absolute ones from that directory, `..' never leads above it, at most 40
// links. Linux asks the kernel (openat2(2), RESOLVE_IN_ROOT); elsewhere, and where the kernel lacks it, a
// walk with O_NOFOLLOW, readlinkat and a stack of directories does the same. Paths are bytes; a leading `/'
// means root, an empty path nothing (ENOENT). Neither a rename nor a link put in the way meanwhile leads out.
#pragma once

#include "common/fd.hh"

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace common {

inline constexpr int max_links_followed = 40; // as Linux does; beyond it ELOOP
inline constexpr std::size_t max_path = 4096; // bytes of a path or a link's text, NUL included

// The flag of open(2) that, with O_DIRECTORY, opens a directory to go through it or for the *at(2) calls:
// O_PATH on Linux, O_SEARCH where POSIX's is there; both need no permission to read, so a drop box of mode
// 0733 works. Else O_RDONLY, with which a directory that may be searched but not read is EACCES.
extern const int open_for_search;

// open(2) of path beneath root. flags: as for open(2), O_CLOEXEC is added; O_NOFOLLOW concerns the last
// component only. A path that ends in `/' names a directory, and a link before that `/' is followed. Throws
// std::system_error with the errno of open(2): ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, ... and EINVAL
// for a path with a NUL in it. May block like open(2) where the last component is a FIFO: use O_NONBLOCK.
Fd open_beneath(int root, std::string_view path, int flags, mode_t mode = 0);

// A file's place: its directory, and its name in it, for the *at(2) calls. The name is one component, never
// empty, `.' or `..' and has no slash. The directory is opened with open_for_search: to list or fsync it,
// open `.' in it. What the name means may change at any time, so open it with O_NOFOLLOW.
struct Place {
    Fd directory;
    std::string name;
};

enum class LastLink {
    keep,   // the place of the link itself: for mkdir, unlink, rename, lstat
    follow, // the place that the link (and links it leads to) names, which need not exist: for creating files
};

// The place of path beneath root; the directory must exist, the name need not. Throws like open_beneath, and
// EINVAL when path is the root itself or ends in `.' or `..'. A trailing slash demands a directory: ENOTDIR
// if the name is something else (a kept link, too), EISDIR if it is absent and a file is to be created.
Place place_beneath(int root, std::string_view path, LastLink last);

// The portable walk, whatever the kernel has; open_beneath in a POSIX build and the tests' second opinion. It
// needs few descriptors however deep the path. It follows links by their text, so unlike the kernel it gives
// no ELOOP for a magic link of proc(5), and does not know Linux's fs.protected_symlinks.
Fd open_beneath_by_walk(int root, std::string_view path, int flags, mode_t mode = 0);

} // namespace common
