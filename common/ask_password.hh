// SPDX-License-Identifier: ISC
// Asks a person for a password. Run by ftpctl, chatctl and fcp, which trust their user.
#pragma once

#include "common/secret.hh"

#include <string_view>

namespace common {

// At a terminal (standard input is one): shows prompt on standard error and reads a line that is not echoed;
// with twice a second one, which must be the same. The terminal is as before on every way out: a signal that
// ends the program or stops it, too. Else the password is the first line of standard input. Throws UserError
// when the two differ, or when there is no line or one longer than any password; std::system_error.
enum class Times { once, twice };
Secret ask_password(std::string_view prompt, Times times);

} // namespace common
