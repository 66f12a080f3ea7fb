// SPDX-License-Identifier: ISC
#include "common/child_rights.hh"

namespace common {

void become_maker_of_children(const Identity& /*identity*/) {}

void give_up_childrens_rights() {}

} // namespace common
