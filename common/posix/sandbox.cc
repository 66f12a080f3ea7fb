// SPDX-License-Identifier: ISC
#include "common/sandbox.hh"

namespace common {

void close_other_descriptors(std::span<const int> keep) { close_other_descriptors_one_by_one(keep); }

void forbid_new_privileges() {}

void hide_memory() {}

bool restrict_files(int, TreeAccess) { return false; }

} // namespace common
