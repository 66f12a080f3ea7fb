// SPDX-License-Identifier: ISC
#include "common/executed_path.hh"

#include <sys/auxv.h>

namespace common {

std::string executed_path() {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the system's own interface
    const auto* const path = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
    return path == nullptr ? std::string{} : path;
}

} // namespace common
