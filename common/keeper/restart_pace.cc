// SPDX-License-Identifier: ISC
#include "common/keeper/restart_pace.hh"

#include <algorithm>
#include <utility>

namespace common {

void RestartPace::tell_ready(Clock::time_point now) {
    if (!ready_) ready_ = now;
}

std::optional<std::chrono::milliseconds> RestartPace::die(Clock::time_point now, std::string how) {
    const auto ready = std::exchange(ready_, std::nullopt);
    if (std::exchange(is_excused_, false)) return limits_.excused_pause;
    if (ready && now - *ready >= limits_.early) {
        early_.clear();
        return std::chrono::milliseconds{};
    }
    early_.push_back(std::move(how));
    if (early_.size() >= limits_.deaths) return {};
    if (early_.size() == 1) return std::chrono::milliseconds{};
    auto pause = limits_.first_pause;
    for (std::size_t i = 2; i < early_.size() && pause < limits_.longest_pause; ++i) pause *= 2;
    return std::min(pause, limits_.longest_pause);
}

std::string RestartPace::early_ends() const {
    std::string all;
    for (const std::string& how : early_) all += (all.empty() ? "" : ", ") + how;
    return all;
}

} // namespace common
