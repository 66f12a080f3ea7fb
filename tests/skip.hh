// SPDX-License-Identifier: ISC
// Tests that cannot be on this system, or for this user, say so; the runner counts and names them.
#pragma once

#include <string>

namespace tests {

// Why this test is left out: `if (!is_root()) return skip("only root can mount");'
void skip(std::string why);
// What skip was told in this process; empty: nothing.
const std::string& skipped();
// Where this program is, in PATH, /usr/games or /usr/sbin; empty: nowhere, and that is why the test is left
// out.
std::string find_installed(const std::string& program);
inline bool lacks(const std::string& program) { return find_installed(program).empty(); }

} // namespace tests
