// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/client_line.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>

namespace chatd::irc {
namespace {

struct Escape {
    char escaped;
    char meant;
};
constexpr std::array escapes{Escape{':', ';'}, Escape{'s', ' '}, Escape{'\\', '\\'}, Escape{'r', '\r'},
                             Escape{'n', '\n'}};

// The word at the beginning, and the blanks behind it, are taken off.
std::string_view take_word(std::string_view& rest) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return word;
}

std::vector<Tag> parse_tags(std::string_view all) {
    std::vector<Tag> tags;
    for (const std::string_view one : common::split(all, ';')) {
        const std::string_view key = one.substr(0, one.find('='));
        if (key.empty()) continue;
        const bool has_value = key.size() < one.size();
        const std::string_view value = has_value ? one.substr(key.size() + 1) : std::string_view{};
        // Of one that comes twice the last counts.
        std::erase_if(tags, [&](const Tag& tag) { return tag.key == key; });
        tags.push_back({std::string{key}, unescape_tag(value)});
    }
    return tags;
}

} // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t length = 0; !text.empty(); text.remove_prefix(length))
        if (length = common::utf8_length(text); length == 0) return false;
    return true;
}

std::string_view ClientLine::tag(std::string_view key) const {
    const auto found = std::find_if(tags.begin(), tags.end(), [&](const Tag& t) { return t.key == key; });
    return found == tags.end() ? std::string_view{} : found->value;
}

ClientLine parse_client_line(std::string_view line) {
    using Fault = ClientLine::Fault;
    constexpr std::string_view never{"\r\n\0", 3};
    ClientLine parsed;
    if (line.substr(0, 1) == "@") {
        const std::string_view tags = line.substr(1, line.find(' ') - 1);
        // A line that is all tags has no end of them.
        if (tags.size() + 2 > max_client_tags) parsed.fault = Fault::too_long;
        line.remove_prefix(std::min(tags.size() + 1, line.size()));
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        if (parsed.fault != Fault::none) return parsed;
        if (!is_utf8(tags)) parsed.fault = Fault::not_utf8;
        if (tags.find_first_of(never) != tags.npos) parsed.fault = Fault::not_text;
        if (parsed.fault != Fault::none) return parsed;
        parsed.tags = parse_tags(tags);
    }
    if (line.size() + 2 > max_line)
        parsed.fault = Fault::too_long;
    else if (line.find_first_of(never) != line.npos)
        parsed.fault = Fault::not_text;
    else if (!is_utf8(line))
        parsed.fault = Fault::not_utf8;
    if (parsed.fault != Fault::none) return parsed;

    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.substr(0, 1) == ":") take_word(line);
    parsed.command = common::to_upper(take_word(line));
    while (!line.empty()) {
        const bool is_last = parsed.params.size() + 1 == max_params || line.front() == ':';
        if (is_last && line.front() == ':') line.remove_prefix(1);
        parsed.params.emplace_back(is_last ? line : take_word(line));
        if (is_last) break;
    }
    return parsed;
}

std::string escape_tag(std::string_view value) {
    std::string out;
    for (const char byte : value) {
        const auto* const escape =
            std::find_if(escapes.begin(), escapes.end(), [&](const Escape& e) { return e.meant == byte; });
        if (escape == escapes.end())
            out += byte == '\0' ? ' ' : byte;
        else
            (out += '\\') += escape->escaped;
    }
    return out;
}

std::string unescape_tag(std::string_view value) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '\\') {
            out += value[i];
            continue;
        }
        if (++i == value.size()) break;
        const auto* const escape = std::find_if(escapes.begin(), escapes.end(),
                                                [&](const Escape& e) { return e.escaped == value[i]; });
        out += escape == escapes.end() ? value[i] : escape->meant;
    }
    return out;
}

} // namespace chatd::irc
