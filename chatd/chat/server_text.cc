// SPDX-License-Identifier: ISC
#include "chatd/chat/server_text.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>

namespace chatd {
namespace {

bool continues_a_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

// The bytes that a character with this first byte has, if it is valid.
std::size_t promised_length(char first) {
    const auto byte = static_cast<unsigned char>(first);
    return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

} // namespace

std::string ServerText::take_lines() {
    std::string lines;
    std::string_view left = buffer_;
    for (std::size_t end = left.find('\n'); end != left.npos; end = left.find('\n')) {
        const bool has_return = end > 0 && left[end - 1] == '\r';
        std::string_view line = left.substr(0, end - (has_return ? 1 : 0));
        if (line.substr(0, 1) == "\a") {
            rings_ = true;
            line.remove_prefix(1);
        }
        lines += neutralise(line) + '\n';
        left.remove_prefix(end + 1);
    }
    buffer_.erase(0, buffer_.size() - left.size());
    if (buffer_.size() > max_line) lines += take_rest() + '\n';
    return lines;
}

std::string ServerText::rest() const {
    std::string_view rest = std::string_view{buffer_}.substr(0, rest_size());
    if (rest.substr(0, 1) == "\a") rest.remove_prefix(1);
    return neutralise(rest);
}

std::string ServerText::take_rest() {
    std::string taken = rest();
    buffer_.erase(0, rest_size());
    return taken;
}

std::size_t ServerText::rest_size() const {
    if (buffer_.empty()) return 0;
    std::size_t last = buffer_.size() - 1;
    if (buffer_[last] == '\r') return last;
    while (last > 0 && buffer_.size() - last < 4 && continues_a_character(buffer_[last])) --last;
    return promised_length(buffer_[last]) > buffer_.size() - last ? last : buffer_.size();
}

} // namespace chatd
