// SPDX-License-Identifier: ISC
#include "chatd/hub/standing_lines.hh"

#include <algorithm>

namespace chatd {

void StandingLines::know(const Room& room, const Record& record) {
    if (record.serial != 0)
        lines_[record.speaker].push_back({room.number(), record.serial, record.kind, record.line});
}

std::uint64_t StandingLines::find(const Room& room, Kind kind, const Client& client,
                                  std::uint32_t nth) const {
    if (lines_.empty()) return 0;
    const auto known = lines_.find(client.number);
    if (known == lines_.end()) return 0;
    const auto found = std::find_if(known->second.begin(), known->second.end(), [&](const Line& one) {
        return one.room == room.number() && one.kind == kind && one.serial == client.serial + nth;
    });
    return found == known->second.end() ? 0 : found->line;
}

} // namespace chatd
