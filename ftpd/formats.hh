// SPDX-License-Identifier: ISC
// How times and permissions are written in commands, replies and listings: times in UTC as "20261121072600"
// (RFC 3659, section 2.3), permissions in octal digits. Pure logic, for the session and for fcp.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace ftpd {

// The parts of a time in UTC. Years of four digits only, as the formats have them: a file system may say
// anything.
std::tm in_utc(std::time_t when);

std::string format_timestamp(std::time_t when);
void append_timestamp(std::string& out, std::time_t when);

// YYYYMMDDhhmmss, with a fraction of a second after a point, which is left out; also YYYYMMDDhhmm, as SITE
// UTIME has it. No value for anything else, or a date that no calendar has.
std::optional<std::time_t> parse_timestamp(std::string_view stamp);

// The nine bits of permissions: "644", "0644"; no value for anything else, or beyond 0777.
std::optional<mode_t> parse_mode(std::string_view digits);
std::string format_mode(mode_t mode); // "644"

} // namespace ftpd
