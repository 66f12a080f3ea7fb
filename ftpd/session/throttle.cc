// SPDX-License-Identifier: ISC
#include "ftpd/session/throttle.hh"

namespace ftpd {
namespace {

using namespace std::chrono_literals;

constexpr auto burst = 100ms; // what may move at once, and be caught up on

} // namespace

std::size_t Throttle::piece(std::size_t wanted) const {
    if (!limits()) return wanted;
    return std::min<std::uint64_t>(wanted, std::max<std::uint64_t>(1, rate_ / (1s / burst)));
}

common::Clock::time_point Throttle::pay(std::size_t bytes, common::Clock::time_point now) {
    if (!limits()) return now;
    using Seconds = std::chrono::duration<double>;
    const auto price = std::chrono::duration_cast<common::Clock::duration>(
        Seconds{static_cast<double>(bytes) / static_cast<double>(rate_)});
    free_at_ = std::max(free_at_, now - burst) + price;
    return free_at_;
}

} // namespace ftpd
