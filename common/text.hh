// SPDX-License-Identifier: ISC
// Small text tools that do not depend on the locale: building, comparing, numbers, and escaping whatever a
// peer sent before a log or a terminal sees it.
#pragma once

#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

inline void append(std::string& out, std::string_view part) { out.append(part); }
inline void append(std::string& out, char part) { out.push_back(part); }
template <std::integral Number>
void append(std::string& out, Number part) {
    out.append(std::to_string(part));
}

// Its arguments one after the other: text("clients ", 3, '/', 64) is "clients 3/64".
template <class... Parts>
std::string text(const Parts&... parts) {
    std::string out;
    (append(out, parts), ...);
    return out;
}

// The whole of word as a decimal number from least to most; no value for anything else (blanks, signs where
// the type has none, a remainder, out of range).
template <std::integral Number>
std::optional<Number> parse_number(std::string_view word, Number least = 0,
                                   Number most = std::numeric_limits<Number>::max()) {
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || value < least || value > most) return {};
    return value;
}

// ASCII only: bytes beyond 0x7f are left as they are and compared as they are.
std::string to_upper(std::string_view word);
bool equal_ignoring_case(std::string_view one, std::string_view other);

// How many bytes the valid UTF-8 character at the start of bytes has (1 to 4); 0 if there is none: overlong
// forms, surrogates and values beyond U+10FFFF are not valid (RFC 3629).
std::size_t utf8_length(std::string_view bytes);

// The number of one valid UTF-8 character.
char32_t utf8_code(std::string_view character);
// Characters that end lines, move the cursor or reorder what is beside them: C0, DEL, C1, bidirectional
// controls, line and paragraph separators.
bool disturbs_a_line(char32_t code);

// Makes bytes from outside safe to show: control characters (C0, DEL, C1), bidirectional overrides, line and
// paragraph separators, invalid UTF-8 and backslashes become \n, \r, \t, \\ or \xHH of each byte. What would
// be longer than most bytes is cut at a character and ends in "...".
std::string escape(std::string_view bytes, std::size_t most = 1024);
// The same for text of our own, in which what came from outside is escaped already: backslashes stay single.
// Whatever was forgotten cannot forge a line.
std::string keep_to_one_line(std::string_view text);

// Which of the candidates a misspelt word was meant to be: the nearest by Damerau's distance, if that is 2 at
// most and less than the word is long; else empty. Two letters that have changed places are one mistake.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

// "1.2 MB": at most four figures, decimal units.
std::string human_size(unsigned long long bytes);

// Text with blanks after it up to width columns, for a column of a table; at least one, where it is wider.
// columns: those that the text takes on a terminal; else one for each byte.
std::string padded(std::string text, std::size_t width, std::size_t columns);
std::string padded(std::string text, std::size_t width);

// What stands between the separators: one part more than there are of them.
std::vector<std::string_view> split(std::string_view whole, char separator);
// The lines of whole, without their line ends; a last line without one counts too.
std::vector<std::string> split_lines(std::string_view whole);

} // namespace common
