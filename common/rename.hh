// SPDX-License-Identifier: ISC
// What rename(2) alone cannot do: give a file a name that nobody has, and swap the names of two. Linux has
// renameat2(2) for both; elsewhere, and on file systems that lack them, link(2) does the first, and nothing
// the second. Used by sessions.
#pragma once

#include <string>

namespace common {

enum class Renamed {
    done,
    taken,       // there is something under the new name: nothing has changed
    unsupported, // the system or this file system cannot: nothing has changed
};

// The names are single components in one directory, or each in its own. All throw std::system_error for other
// faults, ENOENT for a name that is not there and EXDEV for two file systems among them; then nothing has
// changed.

// From one name to another that is free.
Renamed rename_if_free(int from_directory, const std::string& from, int to_directory, const std::string& to);
inline Renamed rename_if_free(int directory, const std::string& from, const std::string& to) {
    return rename_if_free(directory, from, directory, to);
}
// Each of the two gets the other's name, in one step; never taken.
Renamed exchange_names(int directory, const std::string& one, const std::string& other);

// Has the system begin to write a file's bytes to the disk, and does not wait. Linux's file systems do so by
// themselves for a file that replaces another by rename(2), but not for one that is exchanged: a power cut
// soon after could leave an empty file in the place of either. Nothing elsewhere.
void begin_writing_to_disk(int file);

// The portable way to the first: for a moment the file has both names. Unsupported for a folder.
Renamed rename_if_free_by_link(int from_directory, const std::string& from, int to_directory,
                               const std::string& to);

} // namespace common
