// SPDX-License-Identifier: ISC
#include "chatd/terminal/charset.hh"

#include "chatd/terminal/telnet.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>

namespace chatd {
namespace {

struct Substitute {
    char32_t code;
    std::string_view bytes; // of Latin-1, one
};
// What people write most of what Latin-1 lacks, and what our own words hold.
constexpr std::array substitutes{
    Substitute{0x2002, " "},    Substitute{0x2003, " "},    Substitute{0x2009, " "},
    Substitute{0x202f, "\xa0"}, Substitute{0x2010, "-"},    Substitute{0x2011, "-"},
    Substitute{0x2012, "-"},    Substitute{0x2013, "-"},    Substitute{0x2014, "-"},
    Substitute{0x2212, "-"},    Substitute{0x2018, "'"},    Substitute{0x2019, "'"},
    Substitute{0x201a, ","},    Substitute{0x2032, "'"},    Substitute{0x201c, "\""},
    Substitute{0x201d, "\""},   Substitute{0x201e, "\""},   Substitute{0x2033, "\""},
    Substitute{0x2022, "\xb7"}, Substitute{0x2026, "."},    Substitute{0x2039, "<"},
    Substitute{0x203a, ">"},    Substitute{0x21b5, "\xb6"}, // the end of a block's line
    Substitute{0x0131, "i"},    Substitute{0x0141, "L"},    Substitute{0x0142, "l"},
    Substitute{0x0152, "O"},    Substitute{0x0153, "o"},    Substitute{0x0160, "S"},
    Substitute{0x0161, "s"},    Substitute{0x0178, "Y"},    Substitute{0x017d, "Z"},
    Substitute{0x017e, "z"},
};

} // namespace

std::string to_latin1(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(common::utf8_length(text), 1);
        const std::string_view character = text.substr(0, length);
        text.remove_prefix(length);
        if (length == 1) {
            bytes += character;
            continue;
        }
        const char32_t code = common::utf8_code(character);
        const auto known = std::find_if(substitutes.begin(), substitutes.end(),
                                        [&](const Substitute& each) { return each.code == code; });
        if (code < 0x100)
            bytes += static_cast<char>(code);
        else
            bytes += known == substitutes.end() ? std::string_view{"?"} : known->bytes;
    }
    return bytes;
}

std::string from_latin1(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (const char byte : bytes) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x80)
            text += byte;
        else
            text.append({static_cast<char>(0xc0U | (code >> 6U)), static_cast<char>(0x80U | (code & 0x3fU))});
    }
    return text;
}

namespace telnet {
namespace {

constexpr char request = 1, accepted = 2, rejected = 3, table_is = 4, table_rejected = 5;
constexpr std::string_view table_sign = "[TTABLE]";

struct Name {
    std::string_view name; // in capitals
    Charset charset;
};
constexpr std::array names{
    Name{"UTF-8", Charset::utf8},        Name{"UTF8", Charset::utf8},
    Name{"ISO-8859-1", Charset::latin1}, Name{"ISO_8859-1", Charset::latin1},
    Name{"ISO8859-1", Charset::latin1},  Name{"ISO_8859-1:1987", Charset::latin1},
    Name{"LATIN1", Charset::latin1},     Name{"LATIN-1", Charset::latin1},
    Name{"L1", Charset::latin1},
};

std::optional<Charset> find_charset(std::string_view given) {
    const auto is_same = [&](const Name& known) {
        return std::equal(given.begin(), given.end(), known.name.begin(), known.name.end(),
                          [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 0x20 : a) == b; });
    };
    const auto found = std::find_if(names.begin(), names.end(), is_same);
    if (found == names.end()) return {};
    return found->charset;
}

std::string say(char what, std::string_view words = {}) {
    return encode_subnegotiation(Option::charset, std::string{what}.append(words));
}

CharsetTalk answer_request(std::string_view list) {
    if (list.substr(0, table_sign.size()) == table_sign) // and the version of the tables
        list.remove_prefix(std::min(list.size(), table_sign.size() + 1));
    if (list.empty()) return {{}, say(rejected)};
    std::optional<Charset> best;
    std::string_view name;
    for (const std::string_view given : common::split(list.substr(1), list[0])) {
        const std::optional<Charset> charset = find_charset(given);
        if (!charset || (best && (best == Charset::utf8 || charset != Charset::utf8))) continue;
        best = charset;
        name = given;
    }
    if (!best) return {{}, say(rejected)};
    return {best, say(accepted, name)};
}

} // namespace

std::string ask_charset() { return say(request, ";UTF-8;ISO-8859-1"); }

CharsetTalk hear_charset(std::string_view bytes, bool asks) {
    if (bytes.empty()) return {};
    switch (bytes[0]) {
    case request: return asks ? CharsetTalk{{}, say(rejected)} : answer_request(bytes.substr(1));
    case accepted: return {asks ? find_charset(bytes.substr(1)) : std::nullopt, {}};
    case table_is: return {{}, say(table_rejected)};
    default: return {};
    }
}

} // namespace telnet
} // namespace chatd
