// SPDX-License-Identifier: ISC
#include "chatd/terminal/graphemes.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>

namespace chatd {
namespace {

constexpr char32_t joiner = 0x200d;

bool is_among(char32_t code, char32_t first, char32_t last) { return code >= first && code <= last; }
bool is_skin_tone(char32_t code) { return is_among(code, 0x1f3fb, 0x1f3ff); }
bool is_half_a_flag(char32_t code) { return is_among(code, 0x1f1e6, 0x1f1ff); }
// Wider than Extended_Pictographic: of its ranges the blocks.
bool is_picture(char32_t code) {
    return code == 0xa9 || code == 0xae || is_among(code, 0x203c, 0x2bff) || is_among(code, 0x3030, 0x303d) ||
           is_among(code, 0x3297, 0x3299) || is_among(code, 0x1f000, 0x1faff);
}

std::size_t length_at(std::string_view text, std::size_t at) {
    return std::max<std::size_t>(common::utf8_length(text.substr(at)), 1);
}

} // namespace

std::size_t grapheme_behind(std::string_view text, std::size_t at) {
    if (at >= text.size()) return text.size();
    const auto code_at = [&](std::size_t place) {
        return common::utf8_code(text.substr(place, length_at(text, place)));
    };
    const char32_t first = code_at(at);
    bool is_joined = false;               // the last one was a joiner
    bool is_half = is_half_a_flag(first); // and the other half may follow
    for (at += length_at(text, at); at < text.size(); at += length_at(text, at)) {
        const char32_t next = code_at(at);
        const bool extends = columns_of(text.substr(at, length_at(text, at))) == 0 ||
                             (is_skin_tone(next) && is_picture(first)) ||
                             (is_joined && is_picture(next) && is_picture(first)) ||
                             (is_half && is_half_a_flag(next));
        if (!extends) break;
        is_joined = next == joiner;
        is_half = false;
    }
    return at;
}

// From the beginning: whether a flag's half is the first or the second is seen from there alone.
std::size_t grapheme_before(std::string_view text, std::size_t at) {
    std::size_t begin = 0;
    for (std::size_t end = grapheme_behind(text, begin); end < at; end = grapheme_behind(text, begin))
        begin = end;
    return begin;
}

std::size_t columns_of_grapheme(std::string_view grapheme) {
    if (grapheme.empty()) return 0;
    const bool is_flag = is_half_a_flag(common::utf8_code(grapheme.substr(0, length_at(grapheme, 0))));
    return columns_of(is_flag ? grapheme : grapheme.substr(0, length_at(grapheme, 0)));
}

} // namespace chatd
