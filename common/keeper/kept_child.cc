// SPDX-License-Identifier: ISC
#include "common/keeper/kept_child.hh"

#include <csignal>
#include <utility>

namespace common {

void KeptChild::begin(Loop& loop, pid_t pid, Fd its_pair, Fd end, Callbacks callbacks) {
    pid_ = pid;
    end_ = end ? std::make_shared<const Fd>(std::move(end)) : nullptr;
    started_ = Clock::now();
    on_fault_ = [this, on_fault = std::move(callbacks.on_fault)](const std::exception& error) {
        pair.close(); // SIGCHLD follows
        on_fault(error);
    };
    pair.open(std::move(its_pair), std::move(callbacks.on_frame));
    pair.attach(loop, nullptr, on_fault_, std::move(callbacks.on_sent));
}

void KeptChild::finish() {
    pid_ = -1; // it was reaped, and may be another's by now
    try {
        pair.hear_all();
    } catch (const std::exception& error) {
        on_fault_(error);
    }
    pair.close();
    end_.reset();
}

pid_t KeptChild::let_go() {
    pair.close();
    end_.reset();
    return std::exchange(pid_, -1);
}

void KeptChild::signal(int number) const {
    if (runs()) ::kill(pid_, number);
}

} // namespace common
