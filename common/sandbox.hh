// SPDX-License-Identifier: ISC
// What a child does to itself, so that one that was taken over can do little. Linux has the means; elsewhere
// only what POSIX has is done. Call them in this order, before the first byte from a peer is read:
// descriptors, enter_root and become (common/privileges.hh), no new privileges, files, resources. Calls may
// be denied before the fork, by a parent that needs none of them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <sys/resource.h>

namespace common {

// Closes every descriptor but those in keep; 0, 1 and 2 are closed, too, unless they are in keep. Call it
// before enter_root, since the portable way reads /dev/fd.
void close_other_descriptors(std::span<const int> keep);
// The portable way; close_other_descriptors in a POSIX build and on a kernel before Linux 5.9. Where /dev/fd
// does not list them it tries every number below sysconf(_SC_OPEN_MAX), at most 1,048,576.
void close_other_descriptors_one_by_one(std::span<const int> keep);

// From now on no execve gives this process or its children rights that it has not (set-user-ID bits,
// capabilities). PR_SET_NO_NEW_PRIVS on Linux, else nothing.
void forbid_new_privileges();

// Nobody but root may look into this process (ptrace, /proc/PID/mem), and it leaves no core file.
// PR_SET_DUMPABLE on Linux, else nothing.
void hide_memory();

enum class TreeAccess {
    none,  // no file anywhere
    read,  // list directories and read files beneath the root
    write, // also create, write, truncate, rename and remove files, directories and links beneath the root
};

// From now on files can be reached beneath root_directory only (TreeAccess::none: nowhere; root_directory is
// not used), nothing can be executed, no device, FIFO or socket made, and, as far as the kernel knows how, no
// process outside signalled and no abstract Unix socket outside connected to. Descriptors that are open keep
// their rights; TCP and Unix sockets with a path are not restricted. Needs forbid_new_privileges. False where
// the system cannot do it, which is no fault: Linux does from 5.13, with write from 5.19 (Landlock).
bool restrict_files(int root_directory, TreeAccess access);

// System calls that no process for a client has a use for, but whoever has taken one over: running programs,
// looking into other processes, mounts, namespaces, keys, BPF, io_uring, kernel modules, clocks, and all
// calls of another kind of program than this one (32-bit ones).
enum class DeniedCalls : unsigned {
    usual = 0,
    also_sockets = 1, // and making, connecting and accepting sockets
    also_files = 2,   // and opening, making, renaming, removing and changing files by their names
    also_both = also_sockets | also_files,
};

// From now on each of them fails with EPERM and is told on standard error, in this process and its children.
// Needs forbid_new_privileges. False where the system cannot do it, and in sanitized builds, whose reports
// need some of them: Linux does (seccomp), on x86-64 and ARM64.
bool deny_calls(DeniedCalls which);

// Why this system, or this build, cannot do both, for `sandbox required'; no value when it can.
std::optional<std::string> explain_no_sandbox();

// Limits, each lowered to what the process may have anyway; RLIM_INFINITY leaves one as it is.
struct ResourceLimits {
    rlim_t core_bytes = 0;  // a core file would hold what clients sent
    rlim_t open_files = 64; // open ones stay open; poll(2) takes no more entries than this
    rlim_t processes = 0;   // no fork; counts all of the user's, does not bind root, not everywhere known
};

void limit_resources(const ResourceLimits& limits);

} // namespace common
