// SPDX-License-Identifier: ISC
#include "chatd/words.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdlib>
#include <cwctype>
#include <vector>
#include <wchar.h>

using namespace common;

namespace chatd {
namespace {

// Nobody may speak in these names, nor in any that begins so.
constexpr std::array<std::string_view, 4> reserved_names{"administrator", "admin", "server", "chatd"};

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

bool is_ignorable(char32_t code) {
    return std::any_of(ignorable.begin(), ignorable.end(),
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

void append_utf8(std::string& out, char32_t code) {
    const auto add = [&](char32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800)
        add(0xc0 | code >> 6);
    else {
        if (code < 0x10000)
            add(0xe0 | code >> 12);
        else {
            add(0xf0 | code >> 18);
            add(0x80 | (code >> 12 & 0x3f));
        }
        add(0x80 | (code >> 6 & 0x3f));
    }
    add(0x80 | (code & 0x3f));
}

bool is_reserved(std::string_view folded) {
    return std::any_of(reserved_names.begin(), reserved_names.end(), [&](std::string_view reserved) {
        return folded.substr(0, reserved.size()) == reserved;
    });
}

} // namespace

bool use_utf8_locale() {
    for (const char* const name : {"", "C.UTF-8", "C.utf8", "en_US.UTF-8"})
        if (std::setlocale(LC_CTYPE, name) != nullptr && MB_CUR_MAX > 1) return true;
    return false;
}

std::optional<Refusal> refuse_name(std::string_view name) {
    if (name.empty()) return Refusal::name_empty;
    const auto codes = decode(name);
    if (!codes || name.front() == '/') return Refusal::name_unprintable;
    int columns = 0;
    for (const char32_t code : *codes) {
        const int width = ::wcwidth(static_cast<wchar_t>(code));
        if (width < 0 || std::iswspace(static_cast<wint_t>(code)) != 0 || is_ignorable(code) ||
            disturbs_a_line(code))
            return Refusal::name_unprintable;
        columns += width;
    }
    if (columns == 0) return Refusal::name_unprintable;
    if (columns > max_name_columns || name.size() > max_name) return Refusal::name_too_long;
    if (is_reserved(fold_name(name))) return Refusal::name_reserved;
    return {};
}

std::string fold_name(std::string_view name) {
    std::string folded;
    for (const char32_t code : decode(name).value_or(std::vector<char32_t>{}))
        append_utf8(folded, static_cast<char32_t>(std::towlower(static_cast<wint_t>(code))));
    return folded;
}

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
