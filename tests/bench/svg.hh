// SPDX-License-Identifier: ISC
// Plots as SVG text, for a browser or a page of a repository: bars with their spread, and lines over a
// number, both axes logarithmic.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bench {

struct Bar {
    std::string label;
    double middle, low, high;
    bool stands_out; // the suite's own
};
struct BarGroup {
    std::string title; // what, in which unit, and whether longer is better
    std::vector<Bar> bars;
};
// The groups below each other, each with a scale of its own from 0 to its longest bar.
std::string plot_bars(const std::vector<BarGroup>& groups);

struct Curve {
    std::string label;
    std::vector<std::pair<double, double>> points; // both greater than 0, in rising order
};
std::string plot_curves(const std::string& title, const std::string& x_label,
                        const std::vector<Curve>& curves);

} // namespace bench
