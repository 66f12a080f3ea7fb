// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/text_parts.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>

namespace chatd::irc {
namespace {

constexpr char ctcp_delimiter = '\x01';
constexpr char colour = '\x03';
constexpr char hex_colour = '\x04';
constexpr std::string_view switches = "\x02\x0f\x11\x16\x1d\x1e\x1f"; // bold to underline, each on and off

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_hex(char byte) {
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

std::size_t count_first(std::string_view text, std::size_t most, bool (*is)(char)) {
    std::size_t count = 0;
    while (count < std::min(most, text.size()) && is(text[count])) ++count;
    return count;
}

// Of what stands behind the code for colours: NN or NN,NN.
std::size_t colour_size(std::string_view text) {
    const std::size_t front = count_first(text, 2, is_digit);
    if (front == 0 || text.substr(front, 1) != ",") return front;
    const std::size_t back = count_first(text.substr(front + 1), 2, is_digit);
    return back == 0 ? front : front + 1 + back;
}

// RRGGBB or RRGGBB,RRGGBB.
std::size_t hex_colour_size(std::string_view text) {
    constexpr std::size_t size = 6;
    if (count_first(text, size, is_hex) < size) return 0;
    const bool has_back =
        text.substr(size, 1) == "," && count_first(text.substr(size + 1), size, is_hex) == size;
    return has_back ? 2 * size + 1 : size;
}

} // namespace

std::string_view beginning_of(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    // Back over the later bytes of a character.
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return text.substr(0, most);
}

std::vector<std::string_view> parts_of(std::string_view text, std::size_t most) {
    std::vector<std::string_view> parts;
    while (text.size() > most) {
        std::string_view part = beginning_of(text, most);
        const std::size_t blank = part.rfind(' ');
        if (blank != part.npos && blank >= part.size() / 2) part = part.substr(0, blank + 1);
        if (part.empty()) part = text.substr(0, most); // no UTF-8
        parts.push_back(part);
        text.remove_prefix(part.size());
    }
    if (!text.empty() || parts.empty()) parts.push_back(text);
    return parts;
}

std::string without_formatting(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const char byte = text.front();
        text.remove_prefix(1);
        if (byte == colour)
            text.remove_prefix(colour_size(text));
        else if (byte == hex_colour)
            text.remove_prefix(hex_colour_size(text));
        else if (switches.find(byte) == switches.npos)
            plain += byte;
    }
    return plain;
}

std::string harmless_words(std::string_view text) {
    const std::string all = neutralise(without_formatting(text));
    return std::string{is_blank(all) ? std::string_view{} : beginning_of(all, max_topic)};
}

std::optional<Ctcp> parse_ctcp(std::string_view text) {
    if (text.empty() || text.front() != ctcp_delimiter) return {};
    text.remove_prefix(1);
    text = text.substr(0, text.find(ctcp_delimiter));
    const std::string_view command = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(command.size() + 1, text.size()));
    return Ctcp{common::to_upper(command), std::string{text}};
}

} // namespace chatd::irc
