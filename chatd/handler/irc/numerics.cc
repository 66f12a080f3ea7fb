// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/numerics.hh"

#include <algorithm>

namespace chatd::irc {
namespace {

// So that they can be looked up, and none is given twice.
static_assert(std::is_sorted(numeric_table.begin(), numeric_table.end(),
                             [](const NumericRow& a, const NumericRow& b) { return a.number <= b.number; }));

} // namespace

std::string digits_of(Numeric number) {
    std::string digits = std::to_string(static_cast<unsigned>(number));
    return digits.insert(0, 3 - digits.size(), '0');
}

std::string_view words_of(Numeric number) {
    const auto* const row =
        std::lower_bound(numeric_table.begin(), numeric_table.end(), number,
                         [](const NumericRow& known, Numeric wanted) { return known.number < wanted; });
    return row->words;
}

} // namespace chatd::irc
