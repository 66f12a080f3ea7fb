// SPDX-License-Identifier: ISC
#include "chatd/terminal/graphemes.hh"

#include "chatd/unicode.hh"
#include "common/text.hh"

#include <algorithm>

namespace chatd {
namespace {

// Takes the first character off; a byte that is none counts as U+FFFD.
char32_t take_character(std::string_view& text) {
    const std::size_t length = common::utf8_length(text);
    const char32_t character = length == 0 ? U'\ufffd' : common::utf8_code(text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
    return character;
}

} // namespace

std::size_t grapheme_behind(std::string_view text, std::size_t at) {
    if (at >= text.size()) return text.size();
    std::string_view left = text.substr(at);
    GraphemeBreaks breaks{take_character(left)};
    while (!left.empty()) {
        const std::string_view from_here = left;
        if (breaks.is_before(take_character(left))) return text.size() - from_here.size();
    }
    return text.size();
}

// From the beginning: whether a flag's half is the first or the second is seen from there alone.
std::size_t grapheme_before(std::string_view text, std::size_t at) {
    std::size_t begin = 0;
    for (std::size_t end = grapheme_behind(text, begin); end < at; end = grapheme_behind(text, begin))
        begin = end;
    return begin;
}

// An emoji of several is one picture, with the columns of the first.
std::size_t columns_of_grapheme(std::string_view grapheme) {
    if (grapheme.empty()) return 0;
    const char32_t first = take_character(grapheme);
    std::size_t columns = columns_of_character(first);
    while (!grapheme.empty() && !is_pictographic(first))
        columns += columns_of_character(take_character(grapheme));
    return columns;
}

} // namespace chatd
