// SPDX-License-Identifier: ISC
// Tests that cannot be on this system, or for this user, say so; the runner counts and names them.
#pragma once

#include <string>

namespace tests {

// Why this test is left out: `if (!is_root()) return skip("only root can mount");'
void skip(std::string why);
// What skip was told in this process; empty: nothing.
const std::string& skipped();
// Whether PATH lacks this program, which is then why the test is left out: `if (lacks("tf")) return;'
bool lacks(const std::string& program);

} // namespace tests
