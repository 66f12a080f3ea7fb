// SPDX-License-Identifier: ISC
// A program at a terminal, as a person would use it: telnet, a progress line, a console.
#pragma once

#include "tests/e2e/process.hh"

namespace e2e {

class Pty {
public:
    explicit Pty(const Words& command, const Words& environment = {});

    void type(std::string_view keys);                         // "\r" is the Enter key, "\x03" Ctrl-C
    void resize(unsigned short columns, unsigned short rows); // and the program is told
    // Waits until text appears behind what was last waited for.
    void wait_for(std::string_view text, Seconds limit = patience);
    std::string screen() const { return screen_->text(); } // all that was ever written to it, as it was
    int wait(Seconds limit = patience);
    void signal(int number) { child_->signal(number); }
    pid_t pid() const { return child_->pid(); }

private:
    common::Fd keyboard_;
    std::optional<Collector> screen_;
    std::optional<Child> child_;
    std::size_t seen_ = 0;
};

} // namespace e2e
