// SPDX-License-Identifier: ISC
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace common {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

unsigned byte(char c) { return static_cast<unsigned char>(c); }

// The character at the start of bytes, or the byte that begins none.
std::string_view first_character(std::string_view bytes) {
    return bytes.substr(0, std::max<std::size_t>(utf8_length(bytes), 1));
}

bool is_plain(std::string_view character) {
    return utf8_length(character) != 0 && !disturbs_a_line(utf8_code(character));
}

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

// Levenshtein's, in which two neighbours that have changed places count once (Damerau's).
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> before, last(other.size() + 1), row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < one.size(); ++i) {
        before = std::exchange(last, row);
        row[0] = i + 1;
        for (std::size_t j = 0; j < other.size(); ++j) {
            const std::size_t replaced = last[j] + (one[i] == other[j] ? 0 : 1);
            row[j + 1] = std::min({replaced, row[j] + 1, last[j + 1] + 1});
            if (i > 0 && j > 0 && one[i] == other[j - 1] && one[i - 1] == other[j])
                row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
        }
    }
    return row.back();
}

std::string escape_bytes(std::string_view bytes) {
    std::string shown;
    for (const char c : bytes) shown += escape_byte(c);
    return shown;
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
        const std::string_view character = first_character(bytes);
        std::string shown{character};
        if (character == "\\" || !is_plain(character)) shown = escape_bytes(character);
        if (out.size() + shown.size() > most) return out + "...";
        out += shown;
        bytes.remove_prefix(character.size());
    }
    return out;
}

std::string keep_to_one_line(std::string_view given) {
    std::string out;
    while (!given.empty()) {
        const std::string_view character = first_character(given);
        out += is_plain(character) ? std::string{character} : escape_bytes(character);
        given.remove_prefix(character.size());
    }
    return out;
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates) {
    constexpr std::size_t too_far = 3;
    std::string_view nearest;
    std::size_t least = std::min(too_far, word.size()); // something of it must be right
    for (const std::string_view candidate : candidates)
        if (const std::size_t away = distance(word, candidate); away < least) {
            least = away;
            nearest = candidate;
        }
    return nearest;
}

std::string human_size(unsigned long long bytes) {
    if (bytes < 1000) return text(bytes, " B");
    constexpr std::array units{"kB", "MB", "GB", "TB", "PB", "EB"};
    // In tenths of the unit; printf's %.1f would use the locale's decimal point.
    const auto tenths_of = [&](unsigned long long tenth) {
        return bytes / tenth + (bytes % tenth >= tenth / 2 ? 1 : 0);
    };
    std::size_t unit = 0;
    unsigned long long tenth = 100;
    for (; tenths_of(tenth) >= 10'000; tenth *= 1000) ++unit;
    const unsigned long long tenths = tenths_of(tenth);
    return text(tenths / 10, '.', tenths % 10, ' ', units[unit]);
}

std::string padded(std::string text, std::size_t width, std::size_t columns) {
    return text.append(width > columns ? width - columns : 1, ' ');
}

std::string padded(std::string text, std::size_t width) {
    const std::size_t columns = text.size();
    return padded(std::move(text), width, columns);
}

std::vector<std::string_view> split(std::string_view whole, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = whole.find(separator);
        parts.push_back(whole.substr(0, end));
        if (end == whole.npos) return parts;
        whole.remove_prefix(end + 1);
    }
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
