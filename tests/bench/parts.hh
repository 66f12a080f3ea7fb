// SPDX-License-Identifier: ISC
// The parts of `make bench', each of which measures its rows (rows.hh) and writes what it finds to samples.
#pragma once

#include "tests/bench/samples.hh"
#include "tests/bench/setting.hh"

namespace bench {

void measure_ftp(const Setting& setting, Samples& samples);

} // namespace bench
