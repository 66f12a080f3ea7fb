// SPDX-License-Identifier: ISC
// The table that people read: each row with the medians of all who were measured, how far they spread, the
// ratio of the suite to each, and whether the targets were met.
#pragma once

#include "tests/bench/rows.hh"
#include "tests/bench/samples.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bench {

// Cells in columns as wide as they need be, two blanks apart; the first column is aligned left, and so is
// every other whose letter in alignment is l.
std::string align(const std::vector<std::vector<std::string>>& lines, std::string_view alignment);

// Four significant digits at most, with commas between thousands; - for NaN.
std::string show_number(double value);

struct Verdict {
    const Target* target;
    double ratio; // what was reached; NaN: not measured
    bool met;
};
Verdict judge(const Target& target, const Samples& samples);

// All rows with all servers, then the targets.
std::string make_table(const Samples& samples);
// The targets alone, as a table of Markdown.
std::string make_summary(const Samples& samples);

} // namespace bench
