// SPDX-License-Identifier: ISC
// chat at a terminal, for chatd: keys go to the server as they are pressed, and what it draws is shown, as
// far as it is harmless. Only the keys that stand for signals mean something here: ^Z stops chat, ^\ ends it,
// and ^C does when the server is not there, or does not answer it.
#include "chatd/chat/chat_front.hh"
#include "chatd/chat/terminal.hh"
#include "chatd/chat/terminal_filter.hh"
#include "common/signals.hh"
#include "common/text.hh"

#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

constexpr char interrupt_key = '\x03', end_key = '\x04', stop_key = '\x1a', quit_key = '\x1c';
constexpr int max_unanswered = 3; // interrupts
constexpr std::string_view erase_below = "\r\x1b[J";

class ScreenFront : public ChatFront {
public:
    ~ScreenFront() override;

    std::string take_input(std::string_view keys) override;
    std::string end_input() override { return {}; }
    bool has_ended() const override { return false; }
    void show(std::string_view said, bool pauses) override;
    void tell(std::string_view words, Notice notice) override;
    void ring() override { write_out("\a"); }
    telnet::WindowSize size() const override { return size_; }
    bool take_resized() override { return std::exchange(resized_, false); }
    bool take_returned() override { return std::exchange(returned_, false); }
    const sigset_t* while_waiting() const override { return signals_.while_waiting(); }
    int obey_signals() override;

private:
    void interrupt();
    int taken_ending_signal();
    void leave();
    void note_size();
    int stop(int signal);

    Signals signals_{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, window_changed};
    Terminal terminal_{STDIN_FILENO, Terminal::Keys::all};
    TerminalFilter filter_;
    bool shows_notice_ = false; // a passing one: the server is not there
    telnet::WindowSize size_ = terminal_.size();
    bool resized_ = false;
    bool returned_ = false; // the terminal, from another
    bool wants_stop_ = false;
    int unanswered_ = 0; // interrupts
    int ending_ = 0;     // a signal that a key stands for
};

ScreenFront::~ScreenFront() {
    try {
        if (terminal_.is_ours()) leave();
    } catch (const std::exception&) {
        // The terminal is gone, and with it who would read that.
    }
}

// What is drawn stays to be seen; below it the terminal is as it was.
void ScreenFront::leave() {
    std::string out{TerminalFilter::undo};
    if (shows_notice_ || !filter_.at_line_start()) out += "\r\n";
    write_out(out);
}

std::string ScreenFront::take_input(std::string_view keys) {
    std::string passed;
    for (const char key : keys) {
        const bool is_gone = shows_notice_;
        if (key == stop_key)
            wants_stop_ = true;
        else if (key == quit_key)
            ending_ = SIGQUIT;
        else if (is_gone && (key == interrupt_key || key == end_key))
            ending_ = SIGINT;
        else {
            if (key == interrupt_key && ++unanswered_ == max_unanswered) ending_ = SIGINT;
            passed += key;
        }
    }
    return passed;
}

void ScreenFront::show(std::string_view said, bool) {
    unanswered_ = 0;
    std::string out = filter_.filter(said);
    if (out.empty()) return;
    if (std::exchange(shows_notice_, false)) out.insert(0, erase_below);
    write_out(out);
}

void ScreenFront::tell(std::string_view words, Notice notice) {
    unanswered_ = 0;
    shows_notice_ = notice == Notice::passing;
    write_out(text(TerminalFilter::undo, erase_below, "chat: ", words, shows_notice_ ? "" : "\r\n",
                   filter_.redo()));
}

int ScreenFront::taken_ending_signal() {
    for (const int signal : ending_signals)
        if (signals_.take(signal)) return signal;
    return std::exchange(ending_, 0);
}

// Gives the terminal back until a shell continues us. The signal that came meanwhile and ends us, or 0.
int ScreenFront::stop(int signal) {
    leave();
    terminal_.leave();
    stop_as_by(signal, signals_.while_waiting());
    while (!terminal_.is_ours()) { // continued in the background, where nothing can be typed
        if (const int ending = taken_ending_signal()) return ending;
        stop_as_by(SIGTTOU, signals_.while_waiting());
    }
    return taken_ending_signal();
}

// Not every such signal comes with a change, and the server is told of nothing else.
void ScreenFront::note_size() {
    const telnet::WindowSize before = std::exchange(size_, terminal_.size());
    resized_ |= size_ != before;
}

int ScreenFront::obey_signals() {
    bool continued = signals_.take(SIGCONT);
    if (signals_.take(window_changed)) note_size();
    if (signals_.take(SIGTSTP) || std::exchange(wants_stop_, false)) {
        if (const int signal = stop(SIGTSTP)) return signal;
        signals_.take(SIGCONT);
        continued = true;
    }
    if (const int signal = taken_ending_signal()) return signal;
    if (!continued) return 0;
    if (!terminal_.is_ours()) // somebody else has stopped us
        if (const int signal = stop(SIGTTOU)) return signal;
    terminal_.enter();
    write_out(filter_.redo());
    note_size();
    filter_.begin_here();
    returned_ = true;
    return 0;
}

} // namespace

std::unique_ptr<ChatFront> make_screen_front() { return std::make_unique<ScreenFront>(); }

} // namespace chatd
