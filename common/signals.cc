// SPDX-License-Identifier: ISC
#include "common/signals.hh"

#include "common/errors.hh"
#include "common/ppoll.hh"

#include <array>

namespace common {
namespace {

std::array<volatile sig_atomic_t, 128> arrived; // by signal number; no system has more signals

volatile sig_atomic_t last_child_told = 0;

extern "C" void note_arrival(int signal, siginfo_t* about, void*) {
    arrived[static_cast<std::size_t>(signal)] = 1;
    if (signal == SIGCHLD) last_child_told = about->si_pid;
    wake_poll();
}

void set_action(int signal, struct sigaction wanted) {
    ::sigemptyset(&wanted.sa_mask);
    checked("sigaction", {}, [&] { return ::sigaction(signal, &wanted, nullptr); });
}

void note_arrivals_of(int signal) {
    struct sigaction wanted {}; // without SA_RESTART: the wait must end
    wanted.sa_sigaction = note_arrival;
    wanted.sa_flags = SA_SIGINFO;
    set_action(signal, wanted);
}

void set_action(int signal, void (*action)(int)) {
    struct sigaction wanted {};
    wanted.sa_handler = action;
    set_action(signal, wanted);
}

} // namespace

Signals::Signals(std::initializer_list<int> wanted) {
    ::sigemptyset(&wanted_);
    for (const int signal : wanted) checked("sigaddset", {}, [&] { return ::sigaddset(&wanted_, signal); });
    ::sigprocmask(SIG_BLOCK, &wanted_, &while_waiting_);
    for (const int signal : wanted) {
        ::sigdelset(&while_waiting_, signal);
        take(signal);
        note_arrivals_of(signal);
    }
    for (const int signal : {SIGPIPE, SIGXFSZ}) set_action(signal, SIG_IGN);
}

Signals::~Signals() {
    for (int signal = 1; signal < static_cast<int>(arrived.size()); ++signal) {
        if (::sigismember(&wanted_, signal) != 1) continue;
        set_action(signal, SIG_IGN); // drops it if it is pending
        set_action(signal, SIG_DFL);
    }
    ::sigprocmask(SIG_UNBLOCK, &wanted_, nullptr);
}

void Signals::let_all_in() {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

pid_t Signals::last_child() { return last_child_told; }

bool Signals::take(int signal) {
    volatile sig_atomic_t& flag = arrived.at(static_cast<std::size_t>(signal));
    const bool has_arrived = flag != 0;
    flag = 0; // nothing comes in between: the signal is blocked here
    return has_arrived;
}

} // namespace common
