// SPDX-License-Identifier: ISC
// What a person sees as one character: a letter with its accents, an emoji of several that are joined, a
// flag, a Hangul syllable of parts (after Unicode's UAX #29, by wcwidth(3) instead of its tables). Run by
// handlers and chat, for the lines that they edit; pure. Text is valid UTF-8, in a UTF-8 locale
// (use_utf8_locale).
#pragma once

#include <cstddef>
#include <string_view>

namespace chatd {

// The byte after the character that begins at this one; the text's size at its end.
std::size_t grapheme_behind(std::string_view text, std::size_t at);
// The byte at which the character begins that ends at this one, or has it inside; 0 at the beginning.
std::size_t grapheme_before(std::string_view text, std::size_t at);
// The columns of one on a terminal: those of what it begins with, whatever is joined to it.
std::size_t columns_of_grapheme(std::string_view grapheme);

} // namespace chatd
