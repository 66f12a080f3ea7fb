// SPDX-License-Identifier: ISC
#include "common/sandbox.hh"

namespace common {

bool deny_calls(DeniedCalls) { return false; }

std::optional<std::string> explain_no_sandbox() {
    return "this build has nothing but POSIX, which knows no sandbox";
}

} // namespace common
