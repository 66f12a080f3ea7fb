// SPDX-License-Identifier: ISC
#include "chatd/handler/palette.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstdint>

namespace chatd {
namespace {

// Not black, white and blue: one of them cannot be read on most screens.
constexpr std::array<std::string_view, 5> colours{"31", "32", "33", "35", "36"};

bool is_letter(char byte) { return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'; }

// How many bytes of text are the name, in whatever case; 0: it does not begin with it.
std::size_t length_of_name(std::string_view text, std::string_view folded_name) {
    std::size_t length = 0;
    while (!folded_name.empty() && length < text.size()) {
        const std::size_t next = std::max<std::size_t>(common::utf8_length(text.substr(length)), 1);
        const std::string folded = fold_name(text.substr(length, next));
        if (folded.empty() || folded_name.rfind(folded, 0) != 0) return 0;
        folded_name.remove_prefix(folded.size());
        length += next;
    }
    return folded_name.empty() ? length : 0;
}

} // namespace

std::string paint_name(std::string_view name) {
    std::uint32_t sum = 2166136261; // FNV-1a
    for (const char byte : fold_name(name)) sum = (sum ^ static_cast<unsigned char>(byte)) * 16777619;
    return common::text("\x1b[", colours[sum % colours.size()], 'm', name, "\x1b[39m");
}

std::string paint_mentions(std::string_view text, std::string_view name) {
    const std::string folded = fold_name(name);
    std::string out;
    char last = ' ';
    while (!text.empty()) {
        const bool is_inside_word = is_letter(last) && is_letter(text[0]);
        std::size_t length = is_inside_word ? 0 : length_of_name(text, folded);
        const bool goes_on =
            length > 0 && length < text.size() && is_letter(text[length - 1]) && is_letter(text[length]);
        if (length > 0 && !goes_on)
            out += common::text("\x1b[1m", text.substr(0, length), "\x1b[22m");
        else {
            length = std::max<std::size_t>(common::utf8_length(text), 1);
            out += text.substr(0, length);
        }
        last = text[length - 1];
        text.remove_prefix(length);
    }
    return out;
}

} // namespace chatd
