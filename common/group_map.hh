// SPDX-License-Identifier: ISC
// What this process is shown of the system's groups: fewer than there are, where a unit has hidden the others
// from it (PrivateUsers= of systemd.exec(5)).
#pragma once

#include <sys/types.h>

namespace common {

// Whether it is there as itself; one that is not is shown as another, and nothing can be given to it.
bool is_shown(gid_t group);

} // namespace common
