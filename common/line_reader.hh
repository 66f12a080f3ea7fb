// SPDX-License-Identifier: ISC
// Cuts what a peer sends into lines, from a buffer of fixed size: nothing is read ahead beyond it, and a line
// longer than the cap is thrown away up to its end and reported once. Used by sessions, handlers,
// the control socket, the console and the clients.
#pragma once

#include "common/fd.hh"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

enum class LineEnds {
    newline,       // LF ends a line; one CR before it is not part of it
    any,           // CR LF, CR, LF or NUL, as chat has it: none of them is ever content; CR NUL is one end
    first_decides, // the first line decides: after CR LF only CR LF ends a line and a bare LF is data (RFC
                   // 2640 3.1); after a bare LF it is as above
};

struct Line {
    std::string text;
    bool too_long = false; // the text is only its beginning and its end, to see what it was; answer it once
};

class LineReader {
public:
    static constexpr std::size_t kept_of_too_long = 64; // bytes at either end

    // most: bytes of the longest line, its end not counted. at_once: bytes that may wait to be taken, if that
    // is more: a peer that sends many lines then costs fewer reads.
    LineReader(std::size_t most, LineEnds ends, std::size_t at_once = 0);

    // One read into the free part of the buffer. would_block also when it is full: take lines or bytes first.
    IoState fill(int fd);
    // The same for bytes that were read elsewhere: how many of them the buffer has taken.
    std::size_t add(std::string_view bytes);
    // The next whole line, without its end.
    std::optional<Line> next();

    // Throws away what is buffered, and of a line that was begun also what is still to come, unreported.
    // False when there was nothing.
    bool drop();

    // The whole lines that are buffered, in their order, without taking them; not the rest of one that is too
    // long. They borrow from the buffer until the next call that changes it.
    std::vector<std::string_view> waiting_lines() const;

    // For bodies between lines: what is buffered but not yet taken, and taking bytes of it.
    std::string_view buffered() const { return {buffer_.get() + begin_, end_ - begin_}; }
    void consume(std::size_t bytes) { begin_ += bytes; }

    // Whether what is buffered is the beginning of a line, and not the rest of one that is being discarded.
    bool at_line_start() const { return !discarding_; }
    bool full() const { return end_ - begin_ == largest_; }
    // Whether the line just taken ended in CR LF (LineEnds::any), as telnet's do.
    bool ended_in_crlf() const { return after_return_ && buffered().substr(0, 1) == "\n"; }
    // True after a first line that a bare LF ended: a person with nc.
    bool saw_bare_newline() const { return ends_ == Ends::newline_decided; }

private:
    enum class Ends { newline, any, undecided, newline_decided, crlf };
    std::span<char> free_part();
    std::optional<std::size_t> find_end(std::string_view bytes) const; // where the first line's LF is
    Line take(std::size_t newline);
    void skip_rest_of_end();
    void make_room();

    // Small until more waits in it than fits: each client has one, and most send short lines.
    std::size_t most_;
    std::size_t largest_;
    std::size_t size_;
    std::unique_ptr<char[]> buffer_;
    bool was_filled_ = false; // by the last read: more may have been there
    std::size_t kept_;        // of each end of a line that is too long: they do not overlap
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    Ends ends_;
    bool discarding_ = false;
    bool drops_line_ = false; // of the next line the beginning was dropped
    bool after_return_ =
        false;              // the last line ended in CR (Ends::any): a LF or NUL directly after belongs to it
    std::string beginning_; // of the line that is being discarded
};

} // namespace common
