// SPDX-License-Identifier: ISC
// URLs as the clients take them (RFC 3986): SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/PATH]. Logic on bytes
// alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace common {

struct Url {
    std::string user; // empty: not said
    std::optional<std::string> password;
    std::string host;       // without brackets
    std::uint16_t port = 0; // 0: not said
    std::string path;       // after the slash that ends the server's part
};

// Whether the word begins as a URL of that scheme does, in either case.
bool is_url(std::string_view scheme, std::string_view word);
// Its parts, in which %HH stands for a byte; every other byte stands for itself. Throws UserError, in words
// that hold no password.
Url parse_url(std::string_view scheme, std::string_view word);

} // namespace common
