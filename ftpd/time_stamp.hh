// SPDX-License-Identifier: ISC
// Times as FTP writes them, in UTC: "20261121072600" (RFC 3659, section 2.3). Pure logic.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace ftpd {

// The parts of a time in UTC. Years of four digits only, as the formats have them: a file system may say
// anything.
std::tm in_utc(std::time_t when);

std::string format_time(std::time_t when);

// YYYYMMDDhhmmss, with a fraction of a second after a point, which is left out; also YYYYMMDDhhmm, as SITE
// UTIME has it. No value for anything else, or a date that no calendar has.
std::optional<std::time_t> parse_time(std::string_view stamp);

} // namespace ftpd
