// SPDX-License-Identifier: ISC
// Asks a program for its version and whether it could start with this configuration: -V, then -n with its own
// arguments, in a child. Run by the keeper, whose loop goes on meanwhile.
#pragma once

#include "common/keeper/executable.hh"
#include "common/keeper/program_run.hh"
#include "common/loop.hh"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace common {

class ProgramCheck {
public:
    // Which it says, "chatd 1.2"; or why it is not to be executed.
    struct Result {
        std::string version;
        std::optional<std::string> refusal;
    };
    using OnResult = std::function<void(const Result& result)>;

    // loop and invocation must outlive this.
    ProgramCheck(Loop& loop, const Invocation& invocation)
        : invocation_(invocation), run_(loop, invocation) {}

    // Throws std::system_error when it cannot begin. One at a time.
    void begin(const std::shared_ptr<const Executable>& program, OnResult on_result);
    // A child of this process has ended; false: not this one.
    bool on_child_end(pid_t pid, int status) { return run_.on_child_end(pid, status); }
    void stop() { run_.stop(); } // nothing is told; the child is killed

private:
    void ask_for_start(const std::shared_ptr<const Executable>& program, const std::string& version,
                       const OnResult& on_result);

    const Invocation& invocation_;
    ProgramRun run_;
};

} // namespace common
