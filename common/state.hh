// SPDX-License-Identifier: ISC
// A daemon's state directory: where it is, and the lock that keeps two daemons from sharing one.
#pragma once

#include "common/fd.hh"

#include <string>
#include <string_view>
#include <utility>

namespace common {

// /var/lib/DAEMON for root, else $XDG_STATE_HOME/DAEMON, else ~/.local/state/DAEMON. Throws UserError when
// there is no home to be found.
std::string default_state_directory(std::string_view daemon);

// Whether StateDirectory could make the directory and take its lock, if nobody has it; makes and takes
// nothing. Throws UserError or std::system_error.
void check_state_directory(const std::string& path);

// The lock is two: the first byte of its file is the keeper's, the second that of the process that works in
// the directory, and outlives the keeper with it. Both are locks of their process (common/file_lock.hh), and
// not of an open file description, though Linux has those, too: what a child inherits or is passed would hold
// such a lock on, so nobody could tell a keeper from what it has left, nor one main process from the next,
// and F_GETLK names no holder of one. When a process executes another program it keeps its locks, unless a
// descriptor of the file is closed by that.
class StateDirectory {
public:
    // Makes the directory (mode 0700, and those above it) where it is missing and takes the keeper's lock;
    // the number of this process goes into its file. Where a process is still at work whose keeper has died,
    // waits for its end. Throws UserError naming the process that has it. The lock ends with this process; a
    // stale file is harmless.
    explicit StateDirectory(std::string path);

    // In a keeper that has just executed another program: lock is the descriptor that it had before, the only
    // one it has of the file, and not closed on exec; from now on it is. Opens and closes nothing, so the
    // lock is never free. Throws UserError naming the process that has it, if the lock was lost.
    static StateDirectory adopt(Fd lock, std::string path);

    const std::string& path() const { return path_; }
    const Fd& lock() const { return lock_; } // its file, for the process that is to work here

    // In that process, which holds the file of the lock, and no other descriptor of it. Throws UserError
    // naming another that works in the directory.
    static void claim(const Fd& lock, const std::string& path);

private:
    StateDirectory(Fd lock, std::string path) : path_(std::move(path)), lock_(std::move(lock)) {}
    void take();
    void write_holder();

    std::string path_;
    Fd lock_;
};

} // namespace common
