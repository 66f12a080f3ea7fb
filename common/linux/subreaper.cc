// SPDX-License-Identifier: ISC
#include "common/subreaper.hh"

#include "common/errors.hh"

#include <sys/prctl.h>

namespace common {

bool has_subreapers() { return true; }

void become_subreaper() {
    checked("become a subreaper", {}, [] { return ::prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL); });
}

} // namespace common
