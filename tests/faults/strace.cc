// SPDX-License-Identifier: ISC
#include "tests/faults/strace.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/skip.hh"

#include <fstream>
#include <signal.h>
#include <unistd.h>

namespace faults {

using common::text;
using e2e::Words;

std::string Fault::shown() const {
    return text(call, ' ', error, lasting ? " from " : " at ", first, lasting ? " on" : "");
}

std::string why_no_strace() {
    if (tests::lacks("strace")) return tests::skipped();
    try { // as it is used here, on a process that is no child of strace's
        e2e::Process sleeper{{"cat"}};
        Strace{sleeper.pid(), std::nullopt}.detach();
        return {};
    } catch (const CannotTrace& why) {
        return why.what();
    }
}

namespace {

// What both have in common: strace writes into output.
Words strace_into(const common::Fd& output, const std::optional<Fault>& fault) {
    Words command{"strace", "-q", "-s", "80", "-y", "-o", text("/proc/", ::getpid(), "/fd/", output.get())};
    if (fault)
        command.insert(command.end(), {"-e", text("trace=", fault->call), "-e",
                                       text("inject=", fault->call, ":error=", fault->error,
                                            ":when=", fault->first, fault->lasting ? "+" : "")});
    return command;
}

// A line is [PID ]NAME(ARGUMENTS) = RESULT, or something else.
Seen read_trace(const common::Fd& output) {
    std::string all;
    std::vector<char> buffer(64 * 1024);
    for (ssize_t got = -1; got != 0;) {
        got = common::checked("read", "what strace told", [&] {
            return ::pread(output.get(), buffer.data(), buffer.size(), static_cast<off_t>(all.size()));
        });
        all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    Seen seen;
    for (const std::string& line : common::split_lines(all)) {
        const std::size_t name = line.find_first_not_of("0123456789 ");
        const std::size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789", name);
        if (end == line.npos || end == name || line[end] != '(') continue;
        ++seen.calls[line.substr(name, end - name)];
        if (line.ends_with("(INJECTED)") && seen.failed++ == 0) seen.first_failed = line;
    }
    return seen;
}

// 0: nobody.
pid_t tracer_of(pid_t pid) {
    std::ifstream status{text("/proc/", pid, "/status")};
    for (std::string word; status >> word;)
        if (pid_t tracer = 0; word == "TracerPid:" && status >> tracer) return tracer;
    return 0;
}

} // namespace

Strace::Strace(pid_t pid, const std::optional<Fault>& fault) : output_(e2e::make_unlinked_file()) {
    Words command = strace_into(output_, fault);
    std::erase(command, "-q"); // it is to say when it is attached
    command.insert(command.end(), {"-p", std::to_string(pid)});
    strace_.emplace(command);
    try {
        strace_->err().wait_for("attached");
    } catch (const e2e::Failure& failure) {
        throw CannotTrace{text("strace cannot trace here: ", failure.what())};
    }
}

Seen Strace::detach() {
    strace_->signal(SIGTERM);
    strace_->wait();
    return read_trace(output_);
}

Traced::Traced(const Words& command, const std::optional<Fault>& fault) : output_(e2e::make_unlinked_file()) {
    Words whole = strace_into(output_, fault);
    whole.insert(whole.end(), {"-f", "-D", "-I", "2"}); // the program is our child, and strace its
    whole.push_back(e2e::find_program(command.at(0)));
    whole.insert(whole.end(), command.begin() + 1, command.end());
    program_.emplace(whole);
}

Seen Traced::detach() {
    if (const pid_t strace = tracer_of(program_->pid()); strace != 0) {
        ::kill(strace, SIGTERM);
        e2e::wait_until("strace has gone", [&] { return !e2e::is_alive(strace); });
    }
    return read_trace(output_);
}

} // namespace faults
