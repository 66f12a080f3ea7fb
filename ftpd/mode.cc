// SPDX-License-Identifier: ISC
#include "ftpd/mode.hh"

#include <charconv>

namespace ftpd {

std::optional<mode_t> parse_mode(std::string_view word) {
    unsigned mode = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), mode, 8);
    if (error != std::errc{} || end != word.data() + word.size() || mode > 0777) return {};
    return static_cast<mode_t>(mode);
}

std::string format_mode(mode_t mode) {
    std::string digits;
    for (const unsigned shift : {6U, 3U, 0U}) digits += static_cast<char>('0' + ((mode >> shift) & 7));
    return digits;
}

} // namespace ftpd
