// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/server_line.hh"

#include "chatd/handler/irc/client_line.hh"
#include "chatd/handler/irc/text_parts.hh"

#include <algorithm>

namespace chatd::irc {
namespace {

std::string without_ends(std::string_view text) {
    std::string one_line{text};
    std::replace_if(
        one_line.begin(), one_line.end(), [](char b) { return b == '\r' || b == '\n' || b == '\0'; }, ' ');
    return one_line;
}

std::string as_word(std::string_view text) {
    std::string word = without_ends(text.empty() ? "*" : text);
    std::replace(word.begin(), word.end(), ' ', '_');
    if (word.front() == ':') word.front() = '_';
    return word;
}

} // namespace

ServerLine::ServerLine(std::string_view source, std::string_view command) {
    if (!source.empty()) (rest_ = ":").append(as_word(source)) += ' ';
    rest_ += as_word(command);
}

ServerLine& ServerLine::tag(std::string_view key, std::string_view value) {
    (tags_ += tags_.empty() ? '@' : ';').append(key);
    if (!value.empty()) (tags_ += '=').append(escape_tag(value));
    return *this;
}

ServerLine& ServerLine::word(std::string_view word) {
    (rest_ += ' ').append(as_word(word));
    return *this;
}

ServerLine& ServerLine::text(std::string_view text) {
    const std::string one_line = without_ends(text);
    const std::string_view fitting = beginning_of(one_line, room());
    rest_.append(" :").append(fitting);
    return *this;
}

std::size_t ServerLine::room() const {
    const std::size_t taken = rest_.size() + std::string_view{" :\r\n"}.size();
    return taken < max_line ? max_line - taken : 0;
}

std::string ServerLine::str() const { return (tags_.empty() ? "" : tags_ + ' ') + rest_ + "\r\n"; }

} // namespace chatd::irc
