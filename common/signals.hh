// SPDX-License-Identifier: ISC
// Signals arrive only inside a wait: blocked everywhere else, they set a flag that the loop takes
// afterwards. One Signals object at a time in a process; a forked child makes its own, in which the signals
// that only its parent wanted stay blocked.
#pragma once

#include <initializer_list>
#include <signal.h>
#include <sys/types.h>

namespace common {

class Signals {
public:
    // Blocks the given signals, clears their flags and installs a handler that only sets a flag. SIGPIPE
    // and SIGXFSZ are ignored from here on (a write says EPIPE or EFBIG instead).
    explicit Signals(std::initializer_list<int> wanted);
    // Default actions again, and unblocked. Those still pending are dropped, so that a second request to stop
    // does not break an orderly stop.
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // True once after the signal has arrived, however often it came: clears the flag first, then tells.
    bool take(int signal);
    // After a SIGCHLD: the child that it told of last. Several that end together may be told of by one
    // signal.
    static pid_t last_child();
    // In a child that executes another program: none is blocked any more.
    static void let_all_in();
    // The mask for a wait: the process's own, less the wanted signals.
    const sigset_t* while_waiting() const { return &while_waiting_; }

private:
    sigset_t wanted_{};
    sigset_t while_waiting_{};
};

} // namespace common
