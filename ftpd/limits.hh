// SPDX-License-Identifier: ISC
// What one client's transfers may cost: of the configuration, or of a user's line in suite-users(5).
#pragma once

#include <cstdint>
#include <string_view>

namespace ftpd {

struct Limits {                   // 0: no limit
    std::uint64_t rate_up = 0;    // bytes a second
    std::uint64_t rate_down = 0;  // bytes a second
    std::uint64_t max_upload = 0; // bytes of a file
};

// Of "rate-up=1000,max-upload=5000", as authd has checked it; usual: those that are not named.
Limits parse_limits(std::string_view field, const Limits& usual);

} // namespace ftpd
