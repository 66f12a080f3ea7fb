// SPDX-License-Identifier: ISC
// How often keyd signs for one relay. It knows of a relay no more than that tlsd forked it, so it cannot
// favour whom the daemon has let in; it goes by what signing costs, which is all that one could take from the
// others.
#pragma once

#include "common/tls/allowance.hh"

#include <algorithm>
#include <chrono>

namespace common {

// cost: processor time of a signature. A client that resumes no session needs one for each file.
inline Allowance::Limits limit_signing(std::chrono::microseconds cost) {
    using std::chrono::milliseconds;
    constexpr int share = 20; // a twentieth of a processor at the most
    constexpr milliseconds least{1}, most{50};
    const auto pace =
        std::chrono::ceil<milliseconds>(std::min<std::chrono::microseconds>(cost, most) * share);
    return {.at_once = 16, .pace = std::clamp(pace, least, most)};
}

} // namespace common
