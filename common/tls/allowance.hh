// SPDX-License-Identifier: ISC
// How often something may be done: so many times at once, and then at a steady pace. Logic without a clock of
// its own; used by keyd for each relay's signatures, and by keyd and tlsd for what they say again and again.
#pragma once

#include "common/loop.hh"

#include <algorithm>
#include <chrono>

namespace common {

class Allowance {
public:
    struct Limits {
        unsigned at_once;
        std::chrono::milliseconds pace; // then one in each of these
    };

    explicit Allowance(Limits limits) : limits_(limits) {}

    // How long the next has to wait; 0: it may be done now.
    Clock::duration wait(Clock::time_point now) const {
        return std::max<Clock::duration>(Clock::duration::zero(), full_at_ - now - slack());
    }
    // It is done now.
    void use(Clock::time_point now) { full_at_ = std::max(full_at_, now) + limits_.pace; }

private:
    // The last of those that may be done at once is the one with which the pace begins.
    Clock::duration slack() const { return limits_.pace * (limits_.at_once - 1); }

    Limits limits_;
    Clock::time_point full_at_{}; // when all of it may be used again
};

// How often keyd signs for one relay. It knows no more of that than that tlsd has forked it, so it cannot
// favour whom the daemon has let in; it goes by what signing costs, which is all that one could take from the
// others. cost: processor time of a signature.
inline Allowance::Limits limit_signing(std::chrono::microseconds cost) {
    using std::chrono::milliseconds;
    constexpr int share = 20; // a twentieth of a processor at the most
    constexpr milliseconds least{1}, most{50};
    const auto pace =
        std::chrono::ceil<milliseconds>(std::min<std::chrono::microseconds>(cost, most) * share);
    return {.at_once = 16, .pace = std::clamp(pace, least, most)};
}

} // namespace common
