// SPDX-License-Identifier: ISC
// A dialect is how one kind of client that people type at is spoken to: which lines the bytes are that it
// sends, and what bytes a line of words becomes. A handler has one; the hub knows none of them. The words
// themselves are display.hh's. Run by handlers, which trust nothing the client sends.
#pragma once

#include "chatd/handler/client_socket.hh"
#include "chatd/terminal/session_option.hh"
#include "common/line_reader.hh"
#include "common/text.hh"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

class Dialect : public Intake {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::string_view bell = "\a"; // before the line that it is rung for

    // --- What the client sends, beside what an intake has.
    // The next whole line, without its end. One with LF in it is a block that was pasted.
    virtual std::optional<common::Line> next_line() = 0;
    virtual bool has_lines() const = 0; // or what may be one yet
    // Throws away what has come and was not taken yet; false when there was nothing.
    virtual bool drop_input() = 0;
    // When next_line has to be called again, or output to be made ready, though nothing has come.
    virtual std::optional<Clock::time_point> waits_until() const = 0;

    // --- What it is shown: bytes to send. The words are safe: the hub has neutralised what they are made
    // from.
    virtual std::string ask(Asked asked, std::string_view words) = 0; // of nothing: none
    virtual std::string_view line_end() const = 0;
    std::string line(std::string_view words) const { return common::text(words, line_end()); }
    virtual bool shows_colours() const = 0; // unless the client has chosen
};

} // namespace chatd
