// SPDX-License-Identifier: ISC
#include "common/subreaper.hh"

namespace common {

bool has_subreapers() { return false; }

void become_subreaper() {}

} // namespace common
