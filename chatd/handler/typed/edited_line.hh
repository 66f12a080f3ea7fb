// SPDX-License-Identifier: ISC
// The line that a telnet client types and the handler edits: keys become a line (LineEditor), which stands
// after its prompt at the bottom of the client's terminal (TypedLine) while what arrives is shown above it.
// Also where the client edits by itself: then nothing is drawn. Run by handlers, which trust nothing the
// client sends; works on bytes.
#pragma once

#include "chatd/handler/typed/telnet_terminal.hh"
#include "chatd/terminal/line_editor.hh"
#include "chatd/terminal/session_option.hh"
#include "chatd/terminal/typed_line.hh"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

struct Completed;

class EditedLine {
public:
    // prompt: the words with which the client was asked for its name; is_open: it has not answered.
    EditedLine(TelnetTerminal& terminal, std::string prompt, bool is_open)
        : terminal_(terminal), prompt_(std::move(prompt)), is_open_(is_open) {}

    // From now on it is edited here, over the question that stands there; and no more.
    void begin();
    void end();
    // nullptr: the client edits it.
    LineEditor* editor() { return editor_ ? &*editor_ : nullptr; }
    bool is_edited() const { return editor_.has_value(); }

    // What is asked; the bytes that a client is sent for it at once that edits by itself.
    std::string ask(Asked asked, std::string_view words);
    bool is_open() const { return is_open_; } // asked, and not answered yet: keys may come
    bool asks() const {
        return asked_ != Asked::nothing && !is_plain_;
    } // a question, and not a room's prompt
    bool is_secret() const { return asked_ == Asked::password || asked_ == Asked::code; }
    void be_plain() { is_plain_ = true; } // chat between pipes: nothing is asked or drawn

    // The next byte of the keys, when it is edited and open; count: of the client's bytes so far, which
    // chat(1) is told. interrupt: the line is drawn as it was.
    LineEditor::Outcome press(char key, std::uint64_t count);
    std::string take();                // the whole line, which stays to be seen
    std::string before_cursor() const; // when it is edited
    // Of these words, if they still stand there, from this byte on.
    void complete(std::string_view words, std::size_t from, const Completed& completed);

    // Before and after the lines that are written at once: the line is taken out of their way and put there
    // again. What else is to be sent is appended with it.
    void lift(std::string& out);
    void lay(std::string& out);
    // No more will be typed: the terminal is left as it was found. Last words may follow.
    void close(std::string& out);
    void send(std::string_view bytes) { out_ += bytes; } // before anything else
    void ring() { rings_ = true; }
    void leave();  // it stays to be seen, and the next one is begun below
    void redraw(); // on a cleared screen
    // The terminal has told of its window, which was this one before. chat(1) tells the same again when what
    // it shows is gone.
    void note_window(const Window& before);
    // When lay has something to draw though nothing has come.
    std::optional<std::chrono::steady_clock::time_point> waits_until() const { return rests_at_; }

private:
    void tell_line();
    void put(std::string_view text) { out_ += terminal_.encode(text); }
    std::string draw(std::size_t cursor);

    TelnetTerminal& terminal_;
    std::string out_; // to be sent before anything else
    Asked asked_ = Asked::name;
    std::string prompt_;
    bool is_open_;
    bool is_plain_ = false;
    bool is_closed_ = false;
    bool rings_ = false;
    std::optional<LineEditor> editor_;
    std::uint64_t count_ = 0; // of the client's bytes, up to the last key
    TypedLine typed_;
    std::optional<std::chrono::steady_clock::time_point> rests_at_; // the window, which has changed
};

} // namespace chatd
