// SPDX-License-Identifier: ISC
#include "common/rename.hh"

#include "common/errors.hh"

#include <cstdio>
#include <fcntl.h>

namespace common {
namespace {

// Old kernels, and file systems that do not know the flag.
bool is_unsupported(int error) { return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP; }

} // namespace

Renamed rename_if_free(int from_directory, const std::string& from, int to_directory, const std::string& to) {
    if (::renameat2(from_directory, from.c_str(), to_directory, to.c_str(), RENAME_NOREPLACE) == 0)
        return Renamed::done;
    if (errno == EEXIST) return Renamed::taken;
    if (!is_unsupported(errno)) fail("rename", from);
    return rename_if_free_by_link(from_directory, from, to_directory, to);
}

Renamed exchange_names(int directory, const std::string& one, const std::string& other) {
    if (::renameat2(directory, one.c_str(), directory, other.c_str(), RENAME_EXCHANGE) == 0)
        return Renamed::done;
    if (!is_unsupported(errno)) fail("exchange", one);
    return Renamed::unsupported;
}

void begin_writing_to_disk(int file) {
    ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE); // a hint: what it cannot do, nobody was promised
}

} // namespace common
