// SPDX-License-Identifier: ISC
// Flood control: what one client may say, as a bucket of tokens that fills steadily. Who takes more than is
// there is in debt, and waits until it is paid. Run by the hub; without a clock of its own.
#pragma once

#include "chatd/settings.hh"

#include <algorithm>
#include <chrono>

namespace chatd {

class TokenBucket {
public:
    using Time = std::chrono::steady_clock::time_point;

    // How long to wait until something may be said; zero: now.
    std::chrono::milliseconds wait(const FloodLimit& limit, Time now) {
        if (limit.lines == 0) return {};
        fill(limit, now);
        constexpr double one = 1 - 1e-6; // less what sums of fractions lose
        if (tokens_ >= one) return {};
        const double seconds = (one - tokens_) * limit.seconds / limit.lines;
        return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
    }
    // After wait has let it.
    void take(const FloodLimit& limit, double tokens) {
        if (limit.lines != 0) tokens_ -= tokens;
    }
    bool is_full(const FloodLimit& limit) const { return tokens_ >= limit.lines; }

private:
    void fill(const FloodLimit& limit, Time now) {
        const double most = limit.lines;
        if (!begun_) tokens_ = most;
        const std::chrono::duration<double> passed = now - filled_;
        if (begun_) tokens_ = std::min(most, tokens_ + passed.count() * most / limit.seconds);
        filled_ = now;
        begun_ = true;
    }

    double tokens_ = 0;
    Time filled_{};
    bool begun_ = false;
};

} // namespace chatd
