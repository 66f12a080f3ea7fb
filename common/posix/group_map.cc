// SPDX-License-Identifier: ISC
#include "common/group_map.hh"

namespace common {

bool is_shown(gid_t /*group*/) { return true; }

} // namespace common
