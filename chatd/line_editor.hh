// SPDX-License-Identifier: ISC
// A line of text as a person types and changes it: keys go in, byte by byte as a terminal sends them, and the
// line is what they have made of it. Used by chat; draws nothing and knows no descriptor. Needs a UTF-8
// locale for what counts as one character (use_utf8_locale).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

class LineEditor {
public:
    enum class Wish {
        nothing, // the line may have changed
        send,    // Enter: take the line
        end,     // ^D on an empty line: no more will be typed
        bell,    // the key was refused: the line is full, or that is no character
    };

    // most: bytes of the longest line.
    explicit LineEditor(std::size_t most) : most_(most) {}

    // The next byte of what the keys send. An escape sequence that is not known is swallowed; a state between
    // two bytes is kept, so reads may cut anywhere.
    Wish press(char byte);

    const std::string& line() const { return line_; }
    std::size_t cursor() const { return cursor_; } // bytes before it
    // The line; an empty one is left.
    std::string take();

private:
    enum class Awaits { key, escape, sequence, one_more };
    struct Key;
    struct Sequence;
    static const Key keys[];
    static const Sequence sequences[];

    Wish insert(char byte);
    Wish insert(std::string_view character);
    bool continue_sequence(char byte);
    void obey_sequence();
    std::size_t character_before(std::size_t at) const;
    std::size_t character_behind(std::size_t at) const;
    void erase(std::size_t from, std::size_t to);

    // What keys do.
    void go_left() { cursor_ = character_before(cursor_); }
    void go_right() { cursor_ = character_behind(cursor_); }
    void go_home() { cursor_ = 0; }
    void go_to_end() { cursor_ = line_.size(); }
    void erase_before() { erase(character_before(cursor_), cursor_); }
    void erase_under() { erase(cursor_, character_behind(cursor_)); }
    void erase_word();
    void erase_line() { erase(0, line_.size()); }
    void change_nothing() {}

    std::size_t most_;
    std::string line_;
    std::size_t cursor_ = 0;
    std::string unfinished_; // the beginning of a character
    Awaits awaits_ = Awaits::key;
    std::string sequence_; // what came behind ESC so far
    bool after_return_ = false;
};

} // namespace chatd
