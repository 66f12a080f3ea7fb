// SPDX-License-Identifier: ISC
// A file whose name is ours to give away: who renames, truncates or removes an unfinished upload, or goes on
// inside a file, first holds its lock (fcntl(2)) and has then seen that the name is still the locked file.
// Whoever keeps to that never touches what another is writing. Run by sessions and the sweeper, which trust
// no name in the tree.
#pragma once

#include "common/fd.hh"

#include <string>
#include <sys/stat.h>

namespace ftpd {

struct HeldFile {
    enum class State {
        held,
        absent, // there is no such name, or it was given to another file just now
        in_use, // another process holds it
    };
    State state;
    common::Fd file{};     // open for writing; closing it, or any other descriptor of the file, ends the lock
    struct stat status {}; // as of when it was held
};

// Opens the file of this name in the directory for writing, locks it without waiting, and looks whether it
// still has the name. more_flags: of open(2), O_CREAT or none. A symbolic link is not followed. Throws
// std::system_error for what cannot be opened or locked at all.
HeldFile hold_file(int directory, const std::string& name, int more_flags = 0);

// The same to move or remove it only: what cannot be written to, such as a link or a file of another user,
// counts as held, without a descriptor or a status, since nobody else can write to it either.
HeldFile hold_to_move(int directory, const std::string& name);

// Whether this is the file of that name now. Throws std::system_error.
bool is_named(int directory, const std::string& name, const struct stat& file);

} // namespace ftpd
