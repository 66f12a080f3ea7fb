// SPDX-License-Identifier: ISC
#include "common/rename.hh"

#include "common/errors.hh"

#include <unistd.h>

namespace common {

Renamed rename_if_free_by_link(int directory, const std::string& from, const std::string& to) {
    if (::linkat(directory, from.c_str(), directory, to.c_str(), 0) == 0) {
        checked("unlink", from, [&] { return ::unlinkat(directory, from.c_str(), 0); });
        return Renamed::done;
    }
    switch (errno) {
    case EEXIST: return Renamed::taken;
    case EPERM: // the file system has no links, or Linux's fs.protected_hardlinks does not let us make one
    case EMLINK:
    case ENOSYS:
    case EOPNOTSUPP: return Renamed::unsupported;
    default: fail("rename", from);
    }
}

} // namespace common
