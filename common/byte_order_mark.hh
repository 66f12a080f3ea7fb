// SPDX-License-Identifier: ISC
// The mark that some editors put at the head of a file of UTF-8. It is no part of what is written there. For
// every file that people write: configuration, user file, netrc.
#pragma once

#include <string_view>

namespace common {

// The text behind one mark at its beginning, or all of it (Unicode, section 23.8). A mark elsewhere stays.
inline std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.substr(text.substr(0, mark.size()) == mark ? mark.size() : 0);
}

} // namespace common
