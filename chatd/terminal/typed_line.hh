// SPDX-License-Identifier: ISC
// Prompt and typed line as they stand at the bottom of a terminal, over as many rows as they need: the bytes
// that take them off, show what has arrived above them and put them there again. For terminals that know the
// control sequences of a vt100 (ECMA-48): CUU, ED. Run by the handlers of telnet clients, and by chat with a
// server of lines; pure.
//
// The cursor is put into a row by writing again what stands there before it: so it is right also where the
// terminal gives a character other columns than we do.
//
// When its window changes, one terminal lays long lines anew (VTE, tmux), another does not (xterm, PuTTY),
// and neither says so; and it has done it before we hear of it. So each row ends with a line end of its own,
// before the last column: then a window of any width holds the rows that were drawn, or, in a narrower one,
// more. Going up by as many as were drawn never leads into what stands above; what is left over stays to be
// seen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

struct Window {
    std::size_t columns = 80;
    std::size_t rows = 24; // a line that needs most of them is shown in part, around the cursor
    bool operator==(const Window&) const = default;
};

class TypedLine {
public:
    // Prompt and line with the terminal's cursor before the line's byte cursor. All text must be harmless,
    // and have no line ends. What is drawn already is replaced. The window may have changed since.
    std::string draw(std::string_view prompt, std::string_view line, std::size_t cursor,
                     const Window& window);
    // Takes them off; what is written next stands in their place.
    std::string remove();
    // They stay, as one line of the terminal's, and what is drawn next is drawn below.
    std::string leave(const Window& window);
    // The window is this one now: whether the terminal may show them in another way than they were drawn, so
    // that they have to be drawn anew, which draw then does.
    bool note_window(const Window& window);
    // The screen is another one, and nothing of this on it.
    void forget() { *this = {}; }
    bool is_drawn() const { return is_drawn_; }

private:
    std::string drawn_; // what of prompt and line is in view
    std::size_t cursor_ = 0;
    std::size_t width_ = 0; // columns of its rows, at most
    bool is_drawn_ = false;
    bool is_disturbed_ = false; // the window has changed
};

} // namespace chatd
