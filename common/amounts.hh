// SPDX-License-Identifier: ISC
// The one way in which sizes and lengths of time are written: in directives, in the user file, for ctl and in
// the chat. "16K" is 16 times 1024 bytes, "5m" five minutes; a plain number is bytes, or seconds (or what the
// directive has always counted in).
#pragma once

#include "common/config.hh"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace common {

inline constexpr std::string_view size_forms = "a number of bytes, or one with K, M, G or T behind it "
                                               "(powers of 1024), like 500K or 10M";
inline constexpr std::string_view time_forms = "a number of seconds, or one with s, m, h or d behind it, "
                                               "like 90, 5m or 2h";
inline constexpr std::chrono::hours max_time{24 * 10 * 366}; // ten years

// Bytes; K, M, G and T in letters of either case. No value for anything else, or beyond 2^63 - 1.
std::optional<std::uint64_t> read_size(std::string_view word);
// plain: what a number without a letter counts. No value for anything else, or beyond a hundred years.
std::optional<std::chrono::seconds> read_time(std::string_view word,
                                              std::chrono::seconds plain = std::chrono::seconds{1});

// For tables of directives: they throw UserError, which says the forms. parse_size_or_none: "none" is 0, and
// no other size is.
std::uint64_t parse_size(Words words);
std::uint64_t parse_size_or_none(Words words);
// From least to most, both in seconds.
std::chrono::seconds parse_time(Words words, std::chrono::seconds least, std::chrono::seconds most);
// Days, for what is counted in them: "7" and "7d"; whole hours too: "36h".
std::chrono::hours parse_days(Words words, std::chrono::hours most);

} // namespace common
