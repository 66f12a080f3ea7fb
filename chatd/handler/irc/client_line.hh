// SPDX-License-Identifier: ISC
// One line that a client of IRC has sent, taken apart: tags, command and parameters, as the Modern IRC
// documents and IRCv3's message-tags have them. Run by handlers, which trust nothing of it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

inline constexpr std::size_t max_line = 512;         // bytes, with CR LF, without tags
inline constexpr std::size_t max_client_tags = 4096; // bytes, with the @ before and the blank behind
inline constexpr std::size_t max_params = 15;        // the last one takes what is left
inline constexpr std::size_t max_label = 64;         // bytes of a label; a longer one is none

struct Tag {
    std::string key;
    std::string value; // without escapes
};

struct ClientLine {
    // What makes a line unusable; the answer is the conversation's.
    enum class Fault { none, too_long, not_utf8, not_text };

    std::vector<Tag> tags;
    std::string command; // in capitals; empty: there is nothing to do
    std::vector<std::string> params;
    Fault fault = Fault::none; // then command and params are empty

    // The value of the tag; empty if there is none.
    std::string_view tag(std::string_view key) const;
    // A parameter; empty if there are fewer.
    std::string_view param(std::size_t which) const {
        return which < params.size() ? std::string_view{params[which]} : "";
    }
};

// Of a line without its end. Who it says that it is from is not believed, and left out. A line that is not
// usable still has its tags, if those are, so that the answer has the label.
ClientLine parse_client_line(std::string_view line);

// The values of tags as they are on the wire, and back. A lone backslash at the end is left out, one before
// any other character stands for that.
std::string escape_tag(std::string_view value);
std::string unescape_tag(std::string_view value);

bool is_utf8(std::string_view text);

} // namespace chatd::irc
