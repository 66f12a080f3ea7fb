// SPDX-License-Identifier: ISC
// The screen of a small terminal, from the bytes that a program writes to it: enough of a vt100 for what our
// clients use, and everything else stays visible, so that a test sees it. Works on bytes alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

class Screen {
public:
    // Tall enough that nothing scrolls. at_once: a character in the last column takes the cursor to the next
    // row; most terminals wait for the next character.
    explicit Screen(std::size_t width, bool at_once = false) : width_(width), at_once_(at_once) {}

    void write(std::string_view bytes);
    // The window becomes wider or narrower. VTE, tmux and many others lay lines that were broken at the edge
    // anew, and the cursor stays at its character; xterm and PuTTY cut what is behind the edge off for good.
    enum class Lines { laid_anew, cut };
    void resize(std::size_t width, Lines lines);
    // What a person sees: rows with LF behind each, less blanks at their ends, down to the last written one.
    std::string text() const;
    // The last row, and the cursor in it as "ROW:COLUMN" counted from 0, row from the top.
    std::string cursor() const;

private:
    struct Row : std::vector<std::string> { // a cell each; empty: covered by the wide character before it
        bool goes_on = false;               // in the next row: the line was broken at the edge
    };
    std::string_view obey(std::string_view sequence);
    void put(const std::string& character, std::size_t columns);
    Row& current_row();
    void break_row();
    void lay_anew(std::size_t width);

    std::size_t width_;
    bool at_once_;
    std::vector<Row> rows_;
    std::size_t last_row_ = 0, last_column_ = 0; // of the character written last: others join it
    std::size_t row_ = 0, column_ = 0;           // column_ == width_: the next character wraps
};

} // namespace tests
