// SPDX-License-Identifier: ISC
// RNTO to a name on another file system, where rename(2) cannot: the file is copied as an upload is, under a
// reserved name that becomes its own when it is whole, and then the old name is removed. Run by the session.
#pragma once

#include <string>
#include <sys/stat.h>

namespace ftpd {

class Session;
class Tree;

// Paths of the tree. What cannot be moved, and whatever is thrown before the new name stands, ABOR too,
// leaves both as they were. Throws Refusal: 550 for what is not a regular file, 450 for a file that changes
// meanwhile, 552 where it does not fit; and std::system_error.
void move_by_copying(Session& session, const std::string& from, const std::string& to);

// Its last step: to is there, and from goes, if it is still the file that was copied. Throws Refusal: 450 if
// it is not, since others changed or replaced it while the copy came to the disk, or cannot be removed.
void remove_source(const Tree& tree, const std::string& from, const struct stat& copied,
                   const std::string& to);

} // namespace ftpd
