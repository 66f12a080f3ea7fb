// SPDX-License-Identifier: ISC
#include "common/rename.hh"

#include "common/errors.hh"

#include <unistd.h>

namespace common {

Renamed rename_if_free_by_link(int from_directory, const std::string& from, int to_directory,
                               const std::string& to) {
    if (::linkat(from_directory, from.c_str(), to_directory, to.c_str(), 0) == 0) {
        checked("unlink", from, [&] { return ::unlinkat(from_directory, from.c_str(), 0); });
        return Renamed::done;
    }
    switch (errno) {
    case EEXIST: return Renamed::taken;
    case EPERM: // a folder; no links on this file system; or Linux's fs.protected_hardlinks does not let us
    case EMLINK:
    case ENOSYS:
    case EOPNOTSUPP: return Renamed::unsupported;
    default: fail("rename", from);
    }
}

} // namespace common
