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

// Why nobody and no room may have a name that is written like this; no value if they may. It is valid UTF-8
// in NFC and holds letters, digits, marks and emoji of one script (share_a_script of unicode.hh) and the
// signs
// - _ . ', of which only _ may be first. So it cannot pass for two words, or for one in other letters.
std::optional<Refusal> refuse_spelling(std::string_view name);
// The same for a name of somebody: nor is it too long, or one of ours, or like one of ours.
std::optional<Refusal> refuse_name(std::string_view name);
// The reason in words, for the administrator: "it is empty".
std::string_view why_no_name(Refusal why);

// Whether somebody at a loss typed it where something else was asked: help, what, ? and the like, in any
// case.
bool is_call_for_help(std::string_view line);

// The columns that text takes on a terminal; a byte that is not UTF-8 takes one.
std::size_t columns_of(std::string_view text);

// The name, or any text, as it is compared: without regard to case, and to whether characters are of another
// width or fount.
std::string fold_name(std::string_view name);
// In bytes, of a name that somebody may have: no letter of one has more than thrice as many when it is
// folded.
inline constexpr std::size_t max_folded_name = 3 * max_name;
// What names that look alike have in common, and others do not: letters of other scripts that look like Latin
// ones are those, l, I and 1 are one, and so are O and 0.
std::string likeness_of(std::string_view name);

// The text with everything replaced by U+FFFD that could act on a terminal instead of being read: C0 and C1
// control characters, DEL, bidirectional controls, line and paragraph separators, invalid UTF-8. A tab
// becomes a blank.
std::string neutralise(std::string_view text);

} // namespace chatd
