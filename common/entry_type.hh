// SPDX-License-Identifier: ISC
// What a directory itself says of an entry's type, so that a listing which tells no more need not look at
// each file. Run by whoever lists; the file system is trusted.
#pragma once

#include <dirent.h>
#include <sys/types.h>

namespace common {

// The type as in st_mode (S_IFREG, ...), from d_type of readdir(3), which POSIX.1-2024 has; 0 where the file
// system, or the system, does not say.
mode_t type_of(const dirent& entry);

} // namespace common
