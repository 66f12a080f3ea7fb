// SPDX-License-Identifier: ISC
// A real terminal, which shows what a program draws as a person sees it, and lays its rows anew when its
// window changes: tmux(1).
#pragma once

#include "tests/e2e/files.hh"
#include "tests/e2e/process.hh"

#include <string>
#include <sys/types.h>

namespace e2e {

class Tmux {
public:
    // A window of this size, in which a shell runs the command.
    Tmux(unsigned columns, unsigned rows, const std::string& command);
    ~Tmux(); // ends the program, too
    Tmux(const Tmux&) = delete;
    Tmux& operator=(const Tmux&) = delete;

    void type(const std::string& text);
    void press(Words keys); // by their names: Enter, BSpace, Left
    void resize(unsigned columns);

    std::string screen(); // its rows, without blanks at their ends
    // Wait until the screen has these rows, or has this anywhere; throw Failure with what it has.
    void wait_for_rows(const std::string& rows);
    void wait_for(const std::string& text);

private:
    std::string run(const Words& words);

    TempDir folder_;
    pid_t server_ = 0;
};

} // namespace e2e
