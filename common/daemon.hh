// SPDX-License-Identifier: ISC
// What turns a program into a daemon: leaving the terminal, telling the process that started it how the
// start went, telling systemd, and the numbers of the process. Run by a parent before its loop.
#pragma once

#include "common/fd.hh"
#include "common/log.hh"

#include <string_view>

namespace common {

// Whatever of standard input, output and error is closed becomes /dev/null, so that no socket or file gets
// their numbers. The first thing a daemon does.
void open_standard_descriptors();

// Forks and goes on in the child, in a session of its own with / as its directory. The process that was
// started waits and ends with status 0 when report_ready is called, else with 1; until then the child's
// standard error is the terminal's, afterwards all three standard descriptors are /dev/null.
class Detachment {
public:
    static Detachment leave_terminal();
    // What of that a program does which was executed in a daemon that had left its terminal, or stays there.
    static void leave_folder(bool foreground);
    Detachment(Detachment&&) = default;
    Detachment& operator=(Detachment&&) = default;
    // Leaves the pipe open where the start has failed: the words come first, then the process's end tells.
    ~Detachment() { waiting_.release(); }
    // line goes to the standard output of the process that was started. keeps_error: standard error stays,
    // too.
    void report_ready(std::string_view line, bool keeps_error);

private:
    Detachment() = default;
    Fd waiting_; // the end of the pipe that the started process waits on
};

// Tells the process that started this daemon that it serves, and ends its wait: one line with addresses,
// process, log and control socket, on its standard output; of a daemon in the foreground (detachment is
// null) on standard error, if the log does not go there. Says first if nobody will hear the log.
struct Readiness {
    std::string_view program, places, control;
};
void tell_ready(Detachment* detachment, Log& log, const Readiness& what);

// Standard input (and output) become /dev/null, so that a foreground daemon's children hold no terminal
// input.
void discard_standard_input_and_output();
// Standard error, too, unless that is to be kept: what a child of a daemon that has left its terminal does.
void discard_standard_descriptors(bool keeps_error);

// Tells the service manager that is named in NOTIFY_SOCKET, if any (sd_notify(3)): "READY=1", "STOPPING=1".
// Waits a second at the most until that takes it.
void notify_service_manager(std::string_view state);

// RLIMIT_NOFILE up to its hard limit; returns it.
std::size_t raise_descriptor_limit();
// The same for a daemon whose parent needs so many for itself, and one more for its first client: throws
// UserError with the number if there are fewer.
std::size_t require_descriptors(std::size_t own);

// The scheduling priority of this process, -20 to 19.
int own_priority();
// Makes that by nice more than started_with, as far as there is more; only root may make it less than it is.
// Throws std::system_error.
void change_priority(int nice, int started_with);

} // namespace common
