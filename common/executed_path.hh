// SPDX-License-Identifier: ISC
// By which path the system has executed this process.
#pragma once

#include <string>

namespace common {

// As execve(2) was given it, so a symbolic link stays one and a relative path is of the folder of then; for
// what was executed by its descriptor it is in /dev/fd. Empty where the system does not tell (Linux does:
// AT_EXECFN of getauxval(3)).
std::string executed_path();

} // namespace common
