// SPDX-License-Identifier: ISC
// A dialect is how one kind of client is spoken to: which lines the bytes are that it sends, and what bytes a
// line of words becomes. A handler has one; the hub knows none of them. The words themselves are
// display.hh's.
#pragma once

#include "common/fd.hh"
#include "common/line_reader.hh"
#include "common/text.hh"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

struct Completed;

// What a client is asked, and so what its next line answers.
enum class Question { name, password, code, nothing };

// What a client wants that is no line.
struct Wish {
    enum class Kind {
        completion,   // of the word that words ends with: Tab
        sign_of_life, // it asks whether anybody is there
        session       // it is chat(1), and words are what that begins with (session_option.hh)
    };
    Kind kind{};
    std::string words{};
};

class Dialect {
public:
    using Clock = std::chrono::steady_clock;
    virtual ~Dialect() = default;

    // --- What the client sends.
    // One read from its socket, not when is_full().
    virtual common::IoState fill(int client) = 0;
    virtual bool is_full() const = 0; // lines have to be taken first
    // The next whole line, without its end. One with LF in it is a block that was pasted.
    virtual std::optional<common::Line> next_line() = 0;
    virtual bool has_lines() const = 0; // or what may be one yet
    // The client has ended its input: half a line is none.
    virtual void end_input() = 0;
    // Whether the client has said, by a key, that nothing more will come.
    virtual bool has_ended() const { return false; }
    // With the next one the last is granted, or begun; keys that were pressed behind it wait for that.
    virtual std::optional<Wish> next_wish() { return {}; }
    // When next_line has to be called again though nothing has come.
    virtual std::optional<Clock::time_point> waits_until() const { return {}; }
    // Another dialect that the client turned out to speak, which goes on where this one is; asked before
    // next_line.
    virtual std::unique_ptr<Dialect> take_successor() { return nullptr; }

    // --- What it is shown: bytes to send. The words are safe: the hub has neutralised what they are made
    // from.
    virtual std::string ask(Question question, std::string_view words) = 0; // of nothing: none
    virtual std::string_view line_end() const = 0;
    std::string line(std::string_view words) const { return common::text(words, line_end()); }
    virtual std::string bell() const = 0; // before the line that it is rung for
    virtual bool shows_colours() const { return false; }
    // Before and behind the lines that are written at once: where a line is being typed, it is taken out of
    // their way and put there again. What the dialect has to say itself is appended with it.
    virtual void lift(std::string&) {}
    virtual void lay(std::string&) {}
    // No more will be typed: the terminal is left as it was found. Last words may follow.
    virtual void close(std::string&) {}

    // --- For chat(1): it counts its bytes.
    // Those before the end of the line that was given last. The count goes on from what is told.
    virtual std::uint64_t taken() const { return 0; }
    virtual void count_from(std::uint64_t) {}
    virtual void be_plain() {} // it is a pipe: nothing is asked or drawn

    // --- For a line editor.
    virtual void remember(const std::string&) {} // a line for its history: nothing secret
    // The answer to a wish for completion: of these words, if they still stand there, from this byte on.
    virtual void complete(std::string_view, std::size_t, const Completed&) {}
};

// For nc: lines of text. Finds out whether the client is telnet after all.
std::unique_ptr<Dialect> make_line_dialect();

} // namespace chatd
