// SPDX-License-Identifier: ISC
// What people may write: names, and text made harmless. Run by handlers, by the hub, which trusts no handler
// with it, and by chat for what a server sends. Pure.
#pragma once

#include "chatd/protocol.hh"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

inline constexpr std::size_t max_name_columns = 32; // on a terminal

// Why the name may not be used; no value if it may. A name has no blanks, no characters that cannot be seen,
// begins no command, and is not one of ours. It is in NFC: what would be another character there, or would
// join the one before it, is refused, so that no two names differ in that alone. (Not looked at: some vowel
// signs of Indic scripts, which are also written as one.)
std::optional<Refusal> refuse_name(std::string_view name);

// Whether somebody at a loss typed it where something else was asked: help, what, ? and the like, in any
// case.
bool is_call_for_help(std::string_view line);

// The columns that text takes on a terminal; a byte that is not UTF-8 takes one.
std::size_t columns_of(std::string_view text);

// The name, or any text, as it is compared: without regard to case, and to whether ASCII's characters are of
// full width.
std::string fold_name(std::string_view name);

// The text with everything replaced by U+FFFD that could act on a terminal instead of being read: C0 and C1
// control characters, DEL, bidirectional controls, line and paragraph separators, invalid UTF-8. A tab
// becomes a blank.
std::string neutralise(std::string_view text);

} // namespace chatd
