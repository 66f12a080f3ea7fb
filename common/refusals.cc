// SPDX-License-Identifier: ISC
#include "common/refusals.hh"

#include "common/text.hh"

#include <utility>

namespace common {

bool Refusals::add(const std::string& address, std::string_view why) {
    const auto found = by_address_.find(address);
    if (found == by_address_.end() && by_address_.size() == max_addresses) return ++others_, false;
    if (found == by_address_.end()) return by_address_.emplace(address, Tally{}).second;
    ++found->second.untold;
    found->second.why = why;
    return false;
}

std::vector<std::string> Refusals::take() {
    std::vector<std::string> lines;
    for (auto entry = by_address_.begin(); entry != by_address_.end();) {
        Tally& tally = entry->second;
        if (tally.untold == 0) {
            entry = by_address_.erase(entry);
            continue;
        }
        lines.push_back(text("refuse ", entry->first, ": ", tally.untold, " more: ", tally.why));
        tally.untold = 0;
        ++entry;
    }
    if (const std::uint64_t others = std::exchange(others_, 0); others > 0)
        lines.push_back(text("refuse other addresses: ", others));
    return lines;
}

} // namespace common
