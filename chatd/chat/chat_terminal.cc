// SPDX-License-Identifier: ISC
// chat at a terminal: what is being typed stays whole at the bottom, and what arrives is shown above it. The
// server's own prompt stands before it while the server asks something.
#include "chatd/chat/chat_front.hh"
#include "chatd/chat/server_text.hh"
#include "chatd/chat/terminal.hh"
#include "chatd/protocol.hh"
#include "chatd/terminal/line_editor.hh"
#include "chatd/terminal/typed_line.hh"
#include "common/signals.hh"
#include "common/text.hh"

#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

constexpr std::string_view own_prompt = "> ";
constexpr std::size_t max_prompt = 200; // bytes of the server's

class TerminalFront : public ChatFront {
public:
    TerminalFront() { draw({}); }
    ~TerminalFront() override;

    std::string take_input(std::string_view keys) override;
    std::string end_input() override { return {}; }
    bool has_ended() const override { return ended_; }
    void show(std::string_view said, bool pauses) override;
    const sigset_t* while_waiting() const override { return signals_.while_waiting(); }
    int obey_signals() override;

private:
    std::string prompt() const { return asks_ ? text_.rest() : std::string{own_prompt}; }
    std::string last_words();
    Window window() const { return {terminal_.width(), 1000}; } // however tall: all of the line is shown
    void draw(std::string_view above);
    int taken_ending_signal();
    void stop(int signal);

    Signals signals_{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, window_changed};
    Terminal terminal_{STDIN_FILENO};
    LineEditor editor_{max_text};
    TypedLine typed_;
    ServerText text_;
    bool asks_ = false; // the server has left a line without its end, and waits
    bool ended_ = false;
};

TerminalFront::~TerminalFront() {
    try {
        if (terminal_.is_ours()) write_out(typed_.remove() + last_words());
    } catch (const std::exception&) {
        // The terminal is gone, and with it who would read that.
    }
}

// What would be lost with the typed line: the server's half line, and what was not sent.
std::string TerminalFront::last_words() {
    const std::string half = text_.take_rest();
    if (half.empty() && editor_.line().empty()) return {};
    return text(half.empty() ? own_prompt : std::string_view{half}, editor_.line(), '\n');
}

std::string TerminalFront::take_input(std::string_view keys) {
    std::string lines, above;
    bool refused = false;
    for (const char key : keys) {
        switch (editor_.press(key)) {
        case LineEditor::Outcome::nothing: break;
        default: refused = true; break;
        case LineEditor::Outcome::end: ended_ = true; break;
        case LineEditor::Outcome::send: {
            above += text(prompt(), editor_.line(), '\n');
            lines += text(editor_.take(), '\n');
            if (std::exchange(asks_, false)) text_.take_rest(); // answered
        }
        }
        if (ended_) break;
    }
    if (refused) above += '\a';
    draw(above);
    return lines;
}

void TerminalFront::show(std::string_view said, bool pauses) {
    text_.add(said);
    const std::string lines = text_.take_lines();
    const std::string_view bell = text_.take_bell() ? "\a" : "";
    // A prompt ends in a blank and nothing comes after it; anything else is half of what is on its way.
    const std::string rest = pauses ? text_.rest() : std::string{};
    asks_ = !rest.empty() && rest.back() == ' ' && rest.size() <= max_prompt;
    draw(text(bell, lines));
}

void TerminalFront::draw(std::string_view above) {
    std::string bytes = typed_.remove().append(above);
    if (!ended_) bytes += typed_.draw(prompt(), editor_.line(), editor_.cursor(), window());
    write_out(bytes);
}

int TerminalFront::taken_ending_signal() {
    for (const int signal : ending_signals)
        if (signals_.take(signal)) return signal;
    return 0;
}

// Gives the terminal back until a shell continues us.
void TerminalFront::stop(int signal) {
    write_out(typed_.remove());
    terminal_.leave();
    stop_as_by(signal, signals_.while_waiting());
}

int TerminalFront::obey_signals() {
    bool continued = signals_.take(SIGCONT);
    const bool changed = signals_.take(window_changed);
    if (signals_.take(SIGTSTP)) {
        stop(SIGTSTP);
        continued = true;
    }
    if (const int signal = taken_ending_signal()) return signal;
    if (!continued) {
        if (changed && typed_.note_window(window())) draw({});
        return 0;
    }
    while (!terminal_.is_ours()) { // continued in the background, where nothing can be typed
        stop_as_by(SIGTTOU, signals_.while_waiting());
        if (const int signal = taken_ending_signal()) return signal;
    }
    terminal_.enter();
    draw({});
    return 0;
}

} // namespace

std::unique_ptr<ChatFront> make_terminal_front() { return std::make_unique<TerminalFront>(); }

} // namespace chatd
