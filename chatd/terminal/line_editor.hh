// SPDX-License-Identifier: ISC
// A line of text as a person types and changes it: keys go in, byte by byte as a terminal sends them, and the
// line is what they have made of it. Run by the handlers of telnet clients, and by chat with a server of
// lines; draws nothing and knows no descriptor.
//
// What is pasted (bracketed paste) is put in as text, whatever keys it holds. Of several lines it makes one
// block: a line with LF in it, which is sent as a whole.
#pragma once

#include "chatd/terminal/graphemes.hh"
#include "chatd/terminal/keys.hh"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// The lines that a person has typed before, to be called back. Whoever adds them leaves out what is secret.
class LineHistory {
public:
    static constexpr std::size_t max_lines = 100;
    static constexpr std::size_t max_bytes = 16 * 1024; // of all together; the oldest go first

    // Not twice in a row.
    void add(const std::string& line);
    // The line before the one that was called back last, or the last one, when there is one. line: what
    // stands there now; at the end it is called back, too.
    std::optional<std::string> go_back(const std::string& line);
    std::optional<std::string> go_forward();
    // The line was sent: the next one called back is the last again.
    void start_over() { back_ = 0; }

private:
    std::deque<std::string> lines_;
    std::size_t bytes_ = 0;
    std::size_t back_ = 0; // how many lines before the end; 0: at the end
    std::string unsent_;   // what stood there before any was called back
};

class LineEditor {
public:
    enum class Outcome {
        nothing,        // the line may have changed
        send,           // Enter: take the line
        end,            // ^D on an empty line: no more will be typed
        bell,           // the key was refused: the line is full, or there is nothing to act on
        complete,       // Tab
        interrupt,      // ^C: the line is empty now
        redraw,         // ^L
        too_long,       // what was pasted did not fit into the line, and is not there
        block_too_long, // the same of a block
    };

    // max_line: bytes of the longest line; max_block: of the longest that has several lines.
    explicit LineEditor(std::size_t max_line, std::size_t max_block = 0)
        : max_line_(max_line), max_block_(max_block) {}

    // The next byte of what the keys send. A state between two bytes is kept, so reads may cut anywhere.
    Outcome press(char byte);
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

    Outcome obey(const KeyPress& pressed);
    Outcome insert(std::string_view text);
    bool is_block_with(std::string_view text) const; // what stands there together with it
    Outcome paste(const KeyPress& pressed);
    Outcome end_paste();
    void erase(std::size_t from, std::size_t to);
    bool kill(std::size_t from, std::size_t to); // false: nothing stands there
    bool go_to(std::size_t place);
    std::size_t blank_word_before() const;
    std::size_t word_before() const;
    std::size_t word_behind() const;
    bool show(std::optional<std::string> line);

    // What keys do; false: nothing, and the bell tells.
    bool erase_before();
    bool erase_under();

    std::size_t max_line_, max_block_;
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
