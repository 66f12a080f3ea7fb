// SPDX-License-Identifier: ISC
#include "common/url.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <utility>

namespace common {
namespace {

constexpr std::string_view mark = "://";

struct Refusal {
    std::string_view scheme;
    std::string_view server; // without the user
    [[noreturn]] void operator()(std::string_view why) const {
        throw UserError(text(scheme, mark, escape(server), ": ", why));
    }
};

std::optional<unsigned> hex_value(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
    return {};
}

std::string decode(std::string_view part, const Refusal& refuse) {
    std::string decoded;
    for (std::size_t at = 0; at < part.size(); ++at) {
        char c = part[at];
        if (c == '%') {
            const auto high = at + 2 < part.size() ? hex_value(part[at + 1]) : std::nullopt;
            const auto low = high ? hex_value(part[at + 2]) : std::nullopt;
            if (!low) refuse("a % must be followed by two hexadecimal digits; % itself is written %25");
            c = static_cast<char>(*high << 4 | *low);
            at += 2;
        }
        if (c == '\0') refuse("it cannot contain a NUL byte");
        decoded += c;
    }
    return decoded;
}

// What is said to a server in a line of its own.
std::string decode_word(std::string_view part, const Refusal& refuse) {
    std::string word = decode(part, refuse);
    for (const char c : word)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
            refuse("only a path may contain control characters");
    return word;
}

} // namespace

bool is_url(std::string_view scheme, std::string_view word) {
    return word.size() >= scheme.size() + mark.size() &&
           equal_ignoring_case(word.substr(0, scheme.size()), scheme) &&
           word.substr(scheme.size(), mark.size()) == mark;
}

Url parse_url(std::string_view scheme, std::string_view word) {
    word.remove_prefix(scheme.size() + mark.size());
    const std::size_t slash = word.find('/');
    std::string_view server = word.substr(0, slash);
    const std::size_t at = server.rfind('@');
    const std::string_view login = server.substr(0, at == server.npos ? 0 : at);
    if (at != server.npos) server.remove_prefix(at + 1);
    const Refusal refuse{scheme, server};

    Url url;
    if (slash != word.npos) url.path = decode(word.substr(slash + 1), refuse);
    const std::size_t colon = login.find(':');
    url.user = decode_word(login.substr(0, colon), refuse);
    if (colon != login.npos) url.password = decode_word(login.substr(colon + 1), refuse);
    if (at != std::string_view::npos && url.user.empty()) refuse("the user before the @ is missing");

    std::string_view port;
    const std::size_t bracket = server.find(']');
    if (server.substr(0, 1) == "[" && bracket != server.npos) {
        url.host =
            decode_word(server.substr(1, bracket - 1), refuse); // of a zone, % is written %25 (RFC 6874)
        port = server.substr(bracket + 1);
        if (url.host.find(':') == url.host.npos) refuse("only an IPv6 address is written in brackets");
    } else {
        const std::size_t end = server.find(':');
        url.host = decode_word(server.substr(0, end), refuse);
        if (end != server.npos) port = server.substr(end);
        if (port.find(':', 1) != port.npos || server.substr(0, 1) == "[")
            refuse("write an IPv6 address in brackets, as in [::1]");
    }
    if (url.host.empty()) refuse(text("the host is missing: write ", scheme, "://HOST"));
    if (port.empty()) return url;
    const auto number = port[0] == ':' ? parse_number<std::uint16_t>(port.substr(1), 1) : std::nullopt;
    if (!number) refuse("the port is a number of 1 to 65535");
    url.port = *number;
    return url;
}

} // namespace common
