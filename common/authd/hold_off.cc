// SPDX-License-Identifier: ISC
#include "common/authd/hold_off.hh"

#include <algorithm>

namespace common {

HoldOff::Clock::duration HoldOff::time_left(const std::string& address, Time now) const {
    const auto found = by_address_.find(address);
    if (found == by_address_.end()) return {};
    return std::max(found->second.until - now, Clock::duration{});
}

std::chrono::seconds HoldOff::note_failure(const std::string& address, Time now, const Policy& policy) {
    if (policy.max_wait.count() == 0) return {};
    if (!by_address_.contains(address)) make_room(now);
    Entry& entry = by_address_[address];
    if (now >= entry.forget_at) entry = {};
    ++entry.failures;
    std::chrono::seconds wait{};
    if (entry.failures >= policy.free_failures) {
        constexpr unsigned max_doublings = 20; // 2^20 times any first wait is longer than any longest one
        const unsigned doublings = std::min(entry.failures - policy.free_failures, max_doublings);
        wait = std::min(policy.first * (1 << doublings), policy.max_wait);
    }
    entry.until = now + wait;
    entry.forget_at = entry.until + policy.max_wait;
    return wait;
}

void HoldOff::make_room(Time now) {
    if (by_address_.size() < max_addresses) return;
    std::erase_if(by_address_, [&](const auto& entry) { return now >= entry.second.forget_at; });
    if (by_address_.size() < max_addresses) return;
    by_address_.erase(
        std::min_element(by_address_.begin(), by_address_.end(), [](const auto& one, const auto& other) {
            return one.second.forget_at < other.second.forget_at;
        }));
}

} // namespace common
