// SPDX-License-Identifier: ISC
#include "tests/skip.hh"

namespace tests {

static std::string reason; // the runner gives each test a process of its own

void skip(std::string why) { reason = std::move(why); }

const std::string& skipped() { return reason; }

} // namespace tests
