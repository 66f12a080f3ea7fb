// SPDX-License-Identifier: ISC
// A line of text as a person types and changes it: keys go in, byte by byte as a terminal sends them, and the
// line is what they have made of it. Run by the handlers of telnet clients; draws nothing and knows no
// descriptor. Needs a UTF-8 locale for what counts as one character (use_utf8_locale).
//
// What is pasted (bracketed paste) is put in as text, whatever keys it holds. Of several lines it makes one
// block: a line with LF in it, which is sent as a whole.
#pragma once

#include "chatd/terminal/graphemes.hh"
#include "chatd/terminal/keys.hh"
#include "chatd/terminal/line_history.hh"

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

class LineEditor {
public:
    enum class Wish {
        nothing,   // the line may have changed
        send,      // Enter: take the line
        end,       // ^D on an empty line: no more will be typed
        bell,      // the key was refused: the line is full, or there is nothing to act on
        complete,  // Tab
        interrupt, // ^C: the line is empty now
        redraw,    // ^L
        too_long,  // what was pasted did not fit, and is not there
    };

    // most: bytes of the longest line; most_of_block: of the longest that has several lines.
    explicit LineEditor(std::size_t most, std::size_t most_of_block = 0)
        : most_(most), most_of_block_(most_of_block) {}

    // The next byte of what the keys send. A state between two bytes is kept, so reads may cut anywhere.
    Wish press(char byte);
    // What a telnet client asks for without a key.
    void erase_character() { erase_before(); }
    void erase_line() { erase(0, line_.size()); }

    const std::string& line() const { return line_; }
    std::size_t cursor() const { return cursor_; } // bytes before it
    // The line; an empty one is left.
    std::string take();
    // Puts text where the line has what stands between this byte and the cursor; false if it is too long.
    bool replace(std::size_t from, std::string_view text);

    // For the history, which has only what was given here.
    void remember(const std::string& line) { history_.add(line); }
    // Whether what is pasted may be several lines; if not, only the first is taken.
    void allow_blocks(bool allowed) { blocks_allowed_ = allowed; }

private:
    struct Action;
    static const Action actions[];

    Wish obey(const KeyPress& pressed);
    Wish insert(std::string_view text);
    Wish paste(const KeyPress& pressed);
    Wish end_paste();
    void erase(std::size_t from, std::size_t to);
    bool kill(std::size_t from, std::size_t to); // false: nothing stands there
    bool go_to(std::size_t place);
    std::size_t blank_word_before() const;
    std::size_t word_before() const;
    std::size_t word_behind() const;
    bool show(std::optional<std::string> line);

    // What keys do; false: nothing, and the bell tells.
    bool go_left() { return go_to(grapheme_before(line_, cursor_)); }
    bool go_right() { return go_to(grapheme_behind(line_, cursor_)); }
    bool go_word_left() { return go_to(word_before()); }
    bool go_word_right() { return go_to(word_behind()); }
    bool go_home() { return go_to(0), true; }
    bool go_to_end() { return go_to(line_.size()), true; }
    bool go_back() { return show(history_.go_back(line_)); }
    bool go_forward() { return show(history_.go_forward()); }
    bool erase_before();
    bool erase_under();
    bool kill_blanks_before() { return kill(blank_word_before(), cursor_); }
    bool kill_word_before() { return kill(word_before(), cursor_); }
    bool kill_word_behind() { return kill(cursor_, word_behind()); }
    bool kill_before() { return kill(0, cursor_); }
    bool kill_behind() { return kill(cursor_, line_.size()); }
    bool yank() { return insert(killed_) == Wish::nothing; }
    bool begin_paste();

    std::size_t most_, most_of_block_;
    KeyReader keys_;
    LineHistory history_;
    std::string line_;
    std::size_t cursor_ = 0;
    std::string killed_;
    bool blocks_allowed_ = false;
    bool pasting_ = false;
    std::string pasted_;
};

} // namespace chatd
