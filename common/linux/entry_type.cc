// SPDX-License-Identifier: ISC
#include "common/entry_type.hh"

namespace common {

mode_t type_of(const dirent& entry) {
    return entry.d_type == DT_UNKNOWN ? 0 : static_cast<mode_t>(DTTOIF(entry.d_type));
}

} // namespace common
