// SPDX-License-Identifier: ISC
// The modes of chat's terminal: each key is given as it comes and nothing is echoed. Destroying or
// leaving it restores the modes that were found. Run by chat.
#pragma once

#include "chatd/terminal/telnet_options.hh"

#include <array>
#include <cstddef>
#include <signal.h>
#include <termios.h>

namespace chatd {

// The signals that a program with a terminal listens to: those that end it, and the one that comes when the
// window's size has changed (SIGWINCH is not in POSIX.1-2008).
inline constexpr std::array ending_signals{SIGTERM, SIGINT, SIGHUP, SIGQUIT};
#ifdef SIGWINCH
inline constexpr int window_changed = SIGWINCH;
#else
inline constexpr int window_changed = SIGCONT;
#endif

class Terminal {
public:
    // fd: the terminal, borrowed. Throws std::system_error when its modes cannot be changed.
    // all: ^C and ^Z, too, are given as they come, and a line's end has to be written as CR LF.
    enum class Keys { all, all_but_signals };
    explicit Terminal(int fd, Keys keys = Keys::all_but_signals) : fd_(fd), keys_(keys) { enter(); }
    ~Terminal() { leave(); }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void enter(); // again, too, after somebody else has changed them
    void leave();
    // Whether the shell lets this process use the terminal now; true also where that cannot be told.
    bool is_ours() const;
    // Columns of its window: what the terminal says, else COLUMNS, else 80. To ask the terminal is not in
    // POSIX.1-2008 but in every Unix (TIOCGWINSZ; tcgetwinsize of POSIX.1-2024 is too new to count on).
    std::size_t width() const;
    // Columns and rows, 0 where that is not known.
    telnet::WindowSize size() const;

private:
    int fd_;
    Keys keys_;
    bool entered_ = false;
    termios found_{};
};

// Stops this process as the signal (SIGTSTP, SIGTTOU) does by default, and returns when it is continued.
// SIGSTOP would stop it also where no shell could ever continue it. mask: the signals blocked meanwhile, so
// that one that came is seen when this returns.
void stop_as_by(int signal, const sigset_t* mask);

} // namespace chatd
