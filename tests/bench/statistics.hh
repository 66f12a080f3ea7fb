// SPDX-License-Identifier: ISC
// What a handful of measurements come to: their median and how far they spread.
#pragma once

#include <vector>

namespace bench {

// The value below which the share (0 to 1) of the values lies, between two of them by linear interpolation;
// NaN without values.
double quantile(std::vector<double> values, double share);
inline double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

} // namespace bench
