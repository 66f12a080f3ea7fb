// SPDX-License-Identifier: ISC
// The keys of a terminal, from the bytes that it sends for them: characters in UTF-8, control characters, and
// the escape sequences of a vt100 and an xterm, in either of their modes. Run by whoever edits lines
// (LineEditor): handlers and chat. Pure; the state between two bytes is kept, so reads may cut anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace chatd {

enum class Key : std::uint8_t {
    character, // or several that came as one
    enter,     // CR, LF, CR LF or CR NUL
    tab,
    left,
    right,
    word_left,
    word_right,
    home,
    end,
    up,
    down,
    erase_before,
    erase_under,
    kill_blanks_before, // back to a blank
    kill_word_before,   // back over letters and digits
    kill_word_behind,
    kill_before, // to the line's beginning
    kill_behind, // to its end
    yank,
    interrupt,    // ^C
    end_or_erase, // ^D
    redraw,       // ^L
    paste_begins, // of a bracketed paste
    paste_ends,
    not_a_key, // bytes that mean nothing
};

struct KeyPress {
    Key key = Key::not_a_key;
    std::string text{}; // of Key::character: valid UTF-8, one character that disturbs no line
};

class KeyReader {
public:
    // The key that is complete with this byte, if one is. A sequence that is not known is swallowed.
    std::optional<KeyPress> press(char byte);

private:
    enum class Awaits { key, escape, sequence, one_more };
    std::optional<KeyPress> press_character(char byte);
    bool continue_sequence(char byte, std::optional<KeyPress>& pressed);

    std::string unfinished_; // the beginning of a character
    Awaits awaits_ = Awaits::key;
    std::string sequence_; // what came after ESC so far
    bool after_return_ = false;
};

} // namespace chatd
