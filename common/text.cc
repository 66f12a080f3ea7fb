// SPDX-License-Identifier: ISC
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstdio>

namespace common {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

unsigned byte(char c) { return static_cast<unsigned char>(c); }

std::string escape_byte(char c) {
    switch (c) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\\': return "\\\\";
    default: {
        constexpr std::string_view digits = "0123456789abcdef";
        return {'\\', 'x', digits[byte(c) >> 4], digits[byte(c) & 0xf]};
    }
    }
}

} // namespace

std::string to_upper(std::string_view word) {
    std::string out{word};
    std::transform(out.begin(), out.end(), out.begin(), upper);
    return out;
}

bool equal_ignoring_case(std::string_view one, std::string_view other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](char a, char b) { return upper(a) == upper(b); });
}

std::size_t utf8_length(std::string_view bytes) {
    if (bytes.empty()) return 0;
    const unsigned first = byte(bytes[0]);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(bytes[i]) & 0xc0U) != 0x80) return 0;
    const char32_t code = utf8_code(bytes.substr(0, length));
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
    return length;
}

char32_t utf8_code(std::string_view character) {
    if (character.size() == 1) return byte(character[0]);
    char32_t value = byte(character[0]) & (0x7fU >> character.size());
    for (const char c : character.substr(1)) value = value << 6 | (byte(c) & 0x3fU);
    return value;
}

bool disturbs_a_line(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

std::string escape(std::string_view bytes, std::size_t most) {
    std::string out;
    while (!bytes.empty()) {
        const std::size_t length = std::max<std::size_t>(utf8_length(bytes), 1);
        const std::string_view character = bytes.substr(0, length);
        const bool plain =
            utf8_length(bytes) != 0 && character != "\\" && !disturbs_a_line(utf8_code(character));
        std::string shown;
        if (plain)
            shown = character;
        else
            for (const char c : character) shown += escape_byte(c);
        if (out.size() + shown.size() > most) return out + "...";
        out += shown;
        bytes.remove_prefix(length);
    }
    return out;
}

std::string human_size(unsigned long long bytes) {
    if (bytes < 1000) return text(bytes, " B");
    auto value = static_cast<double>(bytes);
    constexpr std::array units{"kB", "MB", "GB", "TB", "PB", "EB"};
    std::size_t unit = 0;
    for (value /= 1000; value >= 999.95 && unit + 1 < units.size(); ++unit) value /= 1000;
    std::array<char, 32> shown{};
    std::snprintf(shown.data(), shown.size(), "%.1f %s", value, units[unit]);
    return shown.data();
}

std::vector<std::string> split_lines(std::string_view whole) {
    std::vector<std::string> lines;
    while (!whole.empty()) {
        const std::size_t end = std::min(whole.find('\n'), whole.size());
        lines.emplace_back(whole.substr(0, end));
        whole.remove_prefix(std::min(end + 1, whole.size()));
    }
    return lines;
}

} // namespace common
