// SPDX-License-Identifier: ISC
#include "tests/bench/statistics.hh"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bench {

double quantile(std::vector<double> values, double share) {
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::ranges::sort(values);
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], place - std::floor(place));
}

} // namespace bench
