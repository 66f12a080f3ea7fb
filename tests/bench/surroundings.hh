// SPDX-License-Identifier: ISC
// What else is to be known of a run: the machine, the versions, what every row counts, and each server's
// configuration.
#pragma once

#include "tests/bench/setting.hh"

#include <string>

namespace bench {

std::string describe_surroundings(const Setting& setting);

} // namespace bench
