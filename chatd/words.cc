// SPDX-License-Identifier: ISC
#include "chatd/words.hh"

#include "chatd/unicode.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <vector>

using namespace common;

namespace chatd {
namespace {

// Nobody may speak in these names; nor in any that begins with one of the first.
constexpr std::array<std::string_view, 6> reserved_beginnings{"administrator", "admin",  "server",
                                                              "chatd",         "管理员", "系统管理员"};
constexpr std::array<std::string_view, 10> reserved_names{
    "root", "system", "sysop", "operator", "moderator", "everyone", "nobody", "系统", "服务器", "所有人"};

struct Range {
    char32_t first, last;
};
// Characters that cannot be seen (Default_Ignorable_Code_Point of Unicode): with one, two names look the
// same.
constexpr std::array<Range, 13> ignorable{{{0xad, 0xad},
                                           {0x34f, 0x34f},
                                           {0x61c, 0x61c},
                                           {0x115f, 0x1160},
                                           {0x17b4, 0x17b5},
                                           {0x180b, 0x180f},
                                           {0x200b, 0x200f},
                                           {0x202a, 0x202e},
                                           {0x2060, 0x206f},
                                           {0x3164, 0x3164},
                                           {0xfe00, 0xfe0f},
                                           {0xfeff, 0xfeff},
                                           {0xe0000, 0xe0fff}}};

template <std::size_t size>
bool is_among(const std::array<Range, size>& ranges, char32_t code) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const Range& range) { return code >= range.first && code <= range.last; });
}

// The characters of valid UTF-8; no value for anything else.
std::optional<std::vector<char32_t>> decode(std::string_view text) {
    std::vector<char32_t> codes;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return {};
        codes.push_back(utf8_code(text.substr(0, length)));
        text.remove_prefix(length);
    }
    return codes;
}

bool is_reserved(std::string_view folded) {
    return std::find(reserved_names.begin(), reserved_names.end(), folded) != reserved_names.end() ||
           std::any_of(reserved_beginnings.begin(), reserved_beginnings.end(),
                       [&](std::string_view reserved) { return folded.rfind(reserved, 0) == 0; });
}

} // namespace

std::optional<Refusal> refuse_name(std::string_view name) {
    if (name.empty()) return Refusal::name_empty;
    const auto codes = decode(name);
    if (!codes || name.front() == '/') return Refusal::name_unprintable;
    std::size_t columns = 0;
    for (const char32_t code : *codes) {
        if (!can_be_seen(code) || is_among(ignorable, code) || disturbs_a_line(code))
            return Refusal::name_unprintable;
        columns += columns_of_character(code);
    }
    if (columns == 0 || normalise(name) != name) return Refusal::name_unprintable;
    if (columns > max_name_columns || name.size() > max_name) return Refusal::name_too_long;
    if (is_reserved(fold_name(name))) return Refusal::name_reserved;
    return {};
}

bool is_call_for_help(std::string_view line) {
    constexpr std::array<std::string_view, 8> calls{"help",  "help!", "help?", "what",
                                                    "what?", "?",     "帮助",  "？"};
    std::string small{line};
    for (char& byte : small)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    return std::find(calls.begin(), calls.end(), small) != calls.end();
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t length = 0; !text.empty(); text.remove_prefix(length)) {
        const std::size_t known = utf8_length(text);
        length = std::max<std::size_t>(known, 1);
        columns += known == 0 ? 1 : columns_of_character(utf8_code(text.substr(0, length)));
    }
    return columns;
}

std::string fold_name(std::string_view name) { return fold_case(name); }

std::string neutralise(std::string_view text) {
    constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD
    std::string out;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        if (character == "\t")
            out += ' ';
        else if (length == 0 || disturbs_a_line(utf8_code(character)))
            out += replacement;
        else
            out += character;
        text.remove_prefix(character.size());
    }
    return out;
}

} // namespace chatd
