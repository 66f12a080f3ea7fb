// SPDX-License-Identifier: ISC
// Asks a program for its version and whether it could start with this configuration: -V, then -n with its own
// arguments, in a child. Run by the keeper, whose loop goes on meanwhile.
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

class ProgramCheck {
public:
    static constexpr std::chrono::seconds limit{30}; // for each of the two
    static constexpr std::size_t max_words = 2048;   // bytes of what it says that are kept

    // Which it says, "chatd 1.2"; or why it is not to be executed.
    struct Result {
        std::string version;
        std::optional<std::string> refusal;
    };
    using OnResult = std::function<void(const Result& result)>;

    // loop and invocation must outlive this.
    ProgramCheck(Loop& loop, const Invocation& invocation) : loop_(loop), invocation_(invocation) {}
    ~ProgramCheck() { stop(); }
    ProgramCheck(const ProgramCheck&) = delete;
    ProgramCheck& operator=(const ProgramCheck&) = delete;

    // Throws std::system_error when it cannot begin. One at a time.
    void begin(std::shared_ptr<const Executable> program, OnResult on_result);
    // A child of this process has ended; false: not this one.
    bool on_child_end(pid_t pid, int status);
    void stop(); // nothing is told; the child is killed

private:
    void execute(std::vector<std::string> arguments);
    bool read_all();
    void read();
    void go_on();
    void end(std::optional<std::string> refusal);
    std::string why_not(int status) const;
    std::string words() const;

    Loop& loop_;
    const Invocation& invocation_;
    std::shared_ptr<const Executable> program_;
    OnResult on_result_;
    pid_t pid_ = -1;
    std::optional<int> status_; // of the child, once it has ended
    Watch said_;                // what it writes to its standard output and error; until it has closed both
    std::string output_, version_;
    Loop::TimerId limit_{};
    bool has_version_ = false;
    bool was_late_ = false;
};

} // namespace common
