// SPDX-License-Identifier: ISC
// One line that a client of IRC is sent, put together: tags in the order in which they are given, who it is
// from, command, parameters. Whatever the parts hold, it is one line: no CR, LF or NUL comes out, and no
// word falls into two. Run by handlers. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd::irc {

class ServerLine {
public:
    // source: of the server or NAME!USER@HOST; empty: none.
    ServerLine(std::string_view source, std::string_view command);

    // value empty: the key alone.
    ServerLine& tag(std::string_view key, std::string_view value);
    // A parameter of one word: an empty one is sent as *, a blank as _, and a colon at its beginning, too.
    ServerLine& word(std::string_view word);
    // The last parameter. What does not fit is left off, at the end of a character: what may be longer than
    // room() is divided before (text_parts.hh).
    ServerLine& text(std::string_view text);

    // Bytes of text() that fit behind what there is.
    std::size_t room() const;
    // The whole, with CR LF.
    std::string str() const;

private:
    std::string tags_;
    std::string rest_;
};

} // namespace chatd::irc
