// SPDX-License-Identifier: ISC
// Text as IRC takes it: divided where it is longer than a line, and without the signs for colours and founts
// that no other dialect has. Run by handlers. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

// The most of text, of UTF-8, that has at most that many bytes and ends with a character.
std::string_view beginning_of(std::string_view text, std::size_t most);

// The text in parts of at most that many bytes, which are the text again, one after the other. Each but the
// last ends behind a blank, where there is one in its second half, else with a character. Of an empty text
// one part, which is empty. most: 4 at least, so that a character fits.
std::vector<std::string_view> parts_of(std::string_view text, std::size_t most);

// Whether there is nothing to read in it.
inline bool is_blank(std::string_view text) { return text.find_first_not_of(' ') == text.npos; }

// Without the control codes for bold, italics, colours and the like, of which all clients know some
// (modern.ircdocs.horse/formatting): other dialects would show them as unreadable.
std::string without_formatting(std::string_view text);

// Of words that the hub takes max_topic bytes of, as why somebody is away: without formatting, and harmless.
// Blanks alone are none.
std::string harmless_words(std::string_view text);

// A CTCP message: the command in capitals and what follows it. No value for other text. The last delimiter
// may be missing.
struct Ctcp {
    std::string command;
    std::string text;
};
std::optional<Ctcp> parse_ctcp(std::string_view text);

} // namespace chatd::irc
