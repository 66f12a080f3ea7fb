// SPDX-License-Identifier: ISC
// The nine bits of permissions as octal digits. Pure logic.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace ftpd {

// "644", "0644"; no value for anything else, or beyond 0777.
std::optional<mode_t> parse_mode(std::string_view digits);
// "644".
std::string format_mode(mode_t mode);

} // namespace ftpd
