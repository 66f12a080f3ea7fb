// SPDX-License-Identifier: ISC
// strace(1), attached to a process that runs: it tells which system calls the process makes, and makes those
// fail that a test wants to fail, as no preloaded library can in a static program. Its children are left
// alone.
#pragma once

#include "tests/e2e/process.hh"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace faults {

// A system call that fails: the first-th of its name, or that and all that follow.
struct Fault {
    std::string call;  // as strace names it: accept4
    std::string error; // EMFILE
    unsigned first = 1;
    bool lasting = false;

    std::string shown() const; // "accept4 EMFILE from 1 on"
};

// What strace needs to say why it cannot trace; empty: it can.
std::string why_no_strace();

// strace may not trace this process.
struct CannotTrace : e2e::Failure {
    using Failure::Failure;
};

// What a process did while strace watched.
struct Seen {
    std::map<std::string, unsigned> calls; // how many of each name
    unsigned failed = 0;                   // how many were made to fail
    std::string first_failed;              // as strace shows it
};

class Strace {
public:
    // Returns when it is attached; throws CannotTrace. No fault: it only watches.
    Strace(pid_t pid, const std::optional<Fault>& fault);
    Strace(const Strace&) = delete;
    Strace& operator=(const Strace&) = delete;

    // Lets the process go.
    Seen detach();

private:
    common::Fd output_; // a file without a name
    std::optional<e2e::Process> strace_;
};

// A program that runs under strace from its start, with all the processes that it starts.
class Traced {
public:
    Traced(const e2e::Words& command, const std::optional<Fault>& fault);
    Traced(const Traced&) = delete;
    Traced& operator=(const Traced&) = delete;

    e2e::Process& program() { return *program_; }
    // Lets all of them go, if the program still runs.
    Seen detach();

private:
    common::Fd output_;
    std::optional<e2e::Process> program_;
};

} // namespace faults
