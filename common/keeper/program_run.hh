// SPDX-License-Identifier: ISC
// Runs a program in a child for what it says: an answer of a few words, and whether it was content. Run by
// the keeper, whose loop goes on meanwhile.
#pragma once

#include "common/fd.hh"
#include "common/keeper/executable.hh"
#include "common/loop.hh"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace common {

class ProgramRun {
public:
    static constexpr std::chrono::seconds limit{30};
    static constexpr std::size_t max_words = 2048; // bytes of what it says that are kept

    struct Result {
        std::string output;                 // its standard output and error, without the last newline
        std::optional<std::string> refusal; // it has ended otherwise than with 0: why, on one line
    };
    using OnResult = std::function<void(const Result& result)>;

    // loop and invocation must outlive this.
    ProgramRun(Loop& loop, const Invocation& invocation) : loop_(loop), invocation_(invocation) {}
    ~ProgramRun() { stop(); }
    ProgramRun(const ProgramRun&) = delete;
    ProgramRun& operator=(const ProgramRun&) = delete;

    // With these arguments, the first of which is its name, in the folder where the daemon was started.
    // Throws std::system_error when it cannot begin. One at a time.
    void begin(std::shared_ptr<const Executable> program, std::vector<std::string> arguments,
               OnResult on_result);
    bool is_under_way() const { return static_cast<bool>(on_result_); }
    // A child of this process has ended; false: not this one.
    bool on_child_end(pid_t pid, int status);
    void stop(); // nothing is told; the child is killed

private:
    bool read_all();
    void read();
    void go_on();
    std::optional<std::string> why_not(int status) const;

    Loop& loop_;
    const Invocation& invocation_;
    std::shared_ptr<const Executable> program_;
    OnResult on_result_;
    pid_t pid_ = -1;
    std::optional<int> status_; // of the child, once it has ended
    Watch said_;                // what it writes to its standard output and error; until it has closed both
    std::string output_;
    Loop::TimerId limit_{};
    bool was_late_ = false;
};

} // namespace common
