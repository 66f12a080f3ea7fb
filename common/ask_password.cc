// SPDX-License-Identifier: ISC
#include "common/ask_password.hh"

#include "common/authd/password.hh"
#include "common/errors.hh"
#include "common/poller.hh"
#include "common/signals.hh"
#include "common/text.hh"

#include <array>
#include <termios.h>
#include <unistd.h>

namespace common {
namespace {

constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// A signal has come, which is to do what it does to any program, once the terminal is as before.
struct Interrupted {
    int signal;
};

void show(std::string_view words) {
    checked("write to", "standard error", [&] { return ::write(STDERR_FILENO, words.data(), words.size()); });
}

class QuietTerminal {
public:
    QuietTerminal() {
        checked("ask for the terminal's settings", {}, [&] { return ::tcgetattr(STDIN_FILENO, &before_); });
        make_quiet();
    }
    ~QuietTerminal() { restore(); }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;

    // What was typed before, in full sight, is thrown away.
    void make_quiet() const {
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= static_cast<tcflag_t>(ICANON | ECHONL);
        checked("set the terminal", {}, [&] { return ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet); });
    }
    void restore() const { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

private:
    termios before_{};
};

// Collects the bytes of one line.
class Typed {
public:
    ~Typed() { erase_bytes(bytes_); }
    // False: the line is complete.
    bool add(char byte) {
        if (byte == '\n') return false;
        if (size_ == bytes_.size())
            throw UserError(text("the password is longer than ", max_password, " bytes: give a shorter one"));
        bytes_[size_++] = byte;
        return true;
    }
    bool empty() const { return size_ == 0; }
    Secret take() const { return Secret{{bytes_.data(), size_}}; }

private:
    std::array<char, max_password> bytes_{};
    std::size_t size_ = 0;
};

// A byte at a time, so that nothing after the line is taken. before_read waits.
template <class Wait>
Secret read_line(Wait before_read) {
    Typed typed;
    for (;;) {
        before_read();
        char byte = '\0';
        const ssize_t got = checked("read", "the password", [&] { return ::read(STDIN_FILENO, &byte, 1); });
        if (got == 0 && typed.empty()) throw UserError("no password was given");
        const bool is_complete = got == 0 || !typed.add(byte);
        erase_bytes({&byte, 1});
        if (is_complete) return typed.take();
    }
}

class Prompt {
public:
    Secret ask(std::string_view words) {
        show(words);
        return read_line([&] { wait(words); });
    }

private:
    void wait(std::string_view words) {
        poller_->watch(STDIN_FILENO, Interest::read);
        while (poller_->wait(std::nullopt, signals_.while_waiting()).empty()) {
            for (const int signal : ending_signals)
                if (signals_.take(signal)) throw Interrupted{signal};
            if (!signals_.take(SIGTSTP)) continue;
            terminal_.restore();
            ::raise(SIGSTOP);
            terminal_.make_quiet(); // goes on here
            show(words);
        }
    }

    Signals signals_{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    QuietTerminal terminal_;
    std::unique_ptr<Poller> poller_ = Poller::make(Backend::poll);
};

Secret ask_at_terminal(std::string_view prompt, Times times) {
    Prompt terminal;
    Secret first = terminal.ask(text(prompt, ": "));
    if (times == Times::once) return first;
    const Secret second = terminal.ask(text(prompt, ", again: "));
    if (first.view() != second.view()) throw UserError("the two are not the same: nothing was changed");
    return first;
}

} // namespace

Secret ask_password(std::string_view prompt, Times times) {
    if (::isatty(STDIN_FILENO) == 0) return read_line([] {});
    try {
        return ask_at_terminal(prompt, times);
    } catch (const Interrupted& interrupted) {
        show("\n");
        ::raise(interrupted.signal); // its default action: the program ends here
        throw UserError("interrupted: nothing was changed");
    }
}

} // namespace common
