// SPDX-License-Identifier: ISC
// What a server sends to a terminal, made harmless: text, and of the control sequences those with which a
// line is drawn and coloured (ECMA-48). Everything else that could act on a terminal becomes U+FFFD, so that
// it is seen and does nothing. Run by chat, which does not trust its server. Works on bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatd {

class TerminalFilter {
public:
    static constexpr std::size_t max_sequence = 32; // bytes after ESC

    // What may be written. Through go CR, LF, BEL and BS; CUU, CUD, CUF, CUB with one number; EL and ED with
    // 0 to 2; CUP with none; SGR; switching bracketed paste on and off. NUL is left out (CR NUL is a CR); a
    // tab becomes a blank. CUU goes no further than to the row in which the first of all bytes was written.
    // What has begun is kept, so reads may cut anywhere.
    std::string filter(std::string_view bytes);
    // The terminal was another's: what stands above the cursor is not the server's, which does not know that.
    void begin_here() { rows_above_ = 0; }

    // What the terminal is to be told so that it is as before: no colours, no bracketed paste.
    static constexpr std::string_view undo = "\x1b[0m\x1b[?2004l";
    // What to tell it when it was told undo in between.
    std::string_view redo() const { return pastes_in_brackets_ ? "\x1b[?2004h" : ""; }
    // Whether the last thing that went through is the end of a line, or nothing did.
    bool at_line_start() const { return at_line_start_; }

private:
    void take(char byte, std::string& out);
    void take_text(char byte, std::string& out);
    void end_character(std::string& out);
    void end_sequence(std::string& out);
    std::string go_up(std::string_view sequence);

    std::string unfinished_;     // the beginning of a character
    std::string sequence_;       // the beginning of one, from ESC on
    std::size_t rows_above_ = 0; // that the server has written, at least: rows that it has ended itself
    bool pastes_in_brackets_ = false;
    bool at_line_start_ = true;
};

} // namespace chatd
