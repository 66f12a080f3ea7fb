// SPDX-License-Identifier: ISC
#include "ftpd/command.hh"

#include "common/text.hh"
#include "ftpd/telnet.hh"

#include <algorithm>
#include <array>

namespace ftpd {
namespace {

using namespace telnet;

unsigned char byte_at(std::string_view bytes, std::size_t at) {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

// How many bytes the telnet command at the start of bytes has, its IAC included.
std::size_t telnet_length(std::string_view bytes) {
    const unsigned char command = byte_at(bytes, 1);
    if (command >= will && command <= dont) return 3;
    if (command != sb) return 2;
    for (std::size_t at = 2; at + 1 < bytes.size(); ++at) {
        if (byte_at(bytes, at) != iac) continue;
        if (byte_at(bytes, ++at) == se) return at + 1; // and IAC IAC is a byte of it
    }
    return bytes.size();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

} // namespace

Decoded decode_telnet(std::string_view line) {
    Decoded decoded;
    line = line.substr(0, line.find_last_not_of('\r') + 1);
    while (!line.empty()) {
        std::size_t length = 1;
        if (byte_at(line, 0) == iac) {
            length = telnet_length(line);
            const unsigned char command = byte_at(line, 1);
            if (command == iac) decoded.text += '\xff';
            if (command >= will && command <= dont) decoded.negotiates = true;
            if (length == 3 && line.size() >= 3) decoded.answer += refuse_option(command, line[2]);
        } else {
            decoded.text += line[0];
            if (line.substr(0, 2) == std::string_view{"\r\0", 2}) length = 2;
        }
        line.remove_prefix(std::min(length, line.size()));
    }
    return decoded;
}

std::string encode_command(std::string_view line) {
    std::string wire;
    for (const char c : line) {
        wire += c;
        if (c == '\r') wire += '\0';
        if (c == '\xff') wire += c;
    }
    if (is_http_request(line)) wire.append({static_cast<char>(iac), static_cast<char>(nop)});
    return wire += "\r\n";
}

Command parse_command(std::string_view line) {
    const std::size_t space = line.find(' ');
    Command command{common::to_upper(line.substr(0, space)), {}, space != line.npos};
    if (command.has_argument) command.argument = line.substr(space + 1);
    return command;
}

std::string_view without_trailing_blanks(std::string_view words) {
    return words.substr(0, words.find_last_not_of(" \t") + 1);
}

bool is_http_request(std::string_view line) {
    constexpr std::string_view version = " HTTP/";
    constexpr std::size_t length = version.size() + 3;
    if (line.size() < length) return false;
    const std::string_view end = line.substr(line.size() - length);
    return end.substr(0, version.size()) == version && is_digit(end[6]) && end[7] == '.' && is_digit(end[8]);
}

bool is_http_verb(std::string_view verb) {
    constexpr std::array<std::string_view, 4> verbs{"POST", "HEAD", "OPTIONS", "CONNECT"};
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

} // namespace ftpd
