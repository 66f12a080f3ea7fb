// SPDX-License-Identifier: ISC
// Keeps a transfer to so many bytes a second (rate-up, rate-down): how much may move at once, and when the
// next may. Logic only; the waiting is the connection's.
#pragma once

#include "common/loop.hh"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ftpd {

class Throttle {
public:
    explicit Throttle(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {} // 0: no limit

    bool limits() const { return rate_ > 0; }
    // Of wanted bytes, as many as may move now: at a low rate the client is to see them come steadily.
    std::size_t piece(std::size_t wanted) const;
    // Counts bytes that have moved; the time when more may. Time that was not used is lost, but for a tenth
    // of a second.
    common::Clock::time_point pay(std::size_t bytes, common::Clock::time_point now);

private:
    std::uint64_t rate_;
    common::Clock::time_point free_at_{};
};

} // namespace ftpd
