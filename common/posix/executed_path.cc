// SPDX-License-Identifier: ISC
#include "common/executed_path.hh"

namespace common {

std::string executed_path() { return {}; }

} // namespace common
