// SPDX-License-Identifier: ISC
// What a client types, line by line: an answer to a question, a command, something said, or part of what it
// pastes. Run by handlers, which trust nothing the client sends.
#pragma once

#include "chatd/phrases.hh"
#include "common/line_reader.hh"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

class TypedConversation;

// Lines that are said as one, after /paste or as an editor took them: each one text, whatever it looks like.
class Paste {
public:
    void add(const common::Line& line);
    // What is too long: it, or a line of it; no value: nothing is.
    const std::optional<Phrase>& fault() const { return fault_; }
    std::size_t count() const { return count_; }
    const std::string& lines() const { return lines_; } // harmless, with LF between; empty if too long

private:
    std::string lines_;
    std::size_t count_ = 0;
    std::optional<Phrase> fault_;
};

class Typing {
public:
    explicit Typing(TypedConversation& conversation) : conversation_(conversation) {}

    void obey(const common::Line& line);
    void begin_paste();
    // So many lines go to the hub together at the most: it lets them through together. 0: no limit.
    void limit_lines(std::size_t most) { most_lines_ = most == 0 ? max_batch : most; }
    // A pipe's line that only looks like a command: /usr/bin/ld: cannot find -lm
    void say_slashed(std::string_view line);

private:
    void add_to_paste(const common::Line& line);
    void speak(const common::Line& line);
    void remember(const std::string& line);
    void say(std::string lines);
    void say_block(std::string_view lines);
    void end_paste();
    void refuse_paste(Phrase fault);

    TypedConversation& conversation_;
    std::optional<Paste> paste_;
    std::size_t most_lines_ = max_batch;
};

} // namespace chatd
