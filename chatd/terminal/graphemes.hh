// SPDX-License-Identifier: ISC
// What a person sees as one character: a letter with its accents, an emoji of several that are joined, a
// flag, a Hangul syllable of parts (Unicode's UAX #29). Run by handlers and chat, for the lines that they
// edit; pure. Text is valid UTF-8; a byte that is none counts as a character of one column.
#pragma once

#include <cstddef>
#include <string_view>

namespace chatd {

// The byte after the character that begins at this one; the text's size at its end.
std::size_t grapheme_behind(std::string_view text, std::size_t at);
// The byte at which the character begins that ends at this one, or has it inside; 0 at the beginning.
std::size_t grapheme_before(std::string_view text, std::size_t at);
// The columns of one on a terminal, with the marks that stand in a place of their own; an emoji of several
// has those of its first.
std::size_t columns_of_grapheme(std::string_view grapheme);

} // namespace chatd
