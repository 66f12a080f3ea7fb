// SPDX-License-Identifier: ISC
// A daemon's state directory: where it is, and the lock that keeps two daemons from sharing one.
#pragma once

#include "common/fd.hh"

#include <string>
#include <string_view>

namespace common {

// /var/lib/DAEMON for root, else $XDG_STATE_HOME/DAEMON, else ~/.local/state/DAEMON. Throws UserError when
// there is no home to be found.
std::string default_state_directory(std::string_view daemon);

// Whether StateDirectory could make the directory and take its lock, if nobody has it; makes and takes
// nothing. Throws UserError or std::system_error.
void check_state_directory(const std::string& path);

class StateDirectory {
public:
    // Makes the directory (mode 0700, and those above it) where it is missing and takes the lock; the number
    // of this process goes into its file. Throws UserError naming the process that has it. The lock ends with
    // this process; a stale file is harmless.
    explicit StateDirectory(std::string path);

    const std::string& path() const { return path_; }

private:
    void write_holder();

    std::string path_;
    Fd lock_;
};

} // namespace common
