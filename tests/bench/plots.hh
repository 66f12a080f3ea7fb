// SPDX-License-Identifier: ISC
// The plots of what was measured, as text of SVG files.
#pragma once

#include "tests/bench/samples.hh"

#include <string>
#include <string_view>

namespace bench {

// Bars for each row of ftp or chat.
std::string plot_part(const Samples& samples, std::string_view part);
// The cost of a wake-up over the number of descriptors, a curve for each backend.
std::string plot_poller(const Samples& samples);
// The few rows that the README shows.
std::string plot_overview(const Samples& samples);

} // namespace bench
