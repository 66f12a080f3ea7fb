// SPDX-License-Identifier: ISC
// Starting programs and waiting for what they say and how they end. Every wait has a deadline, and none
// sleeps: a thread reads each output as it comes, and one waits for each end, so that no pipe is ever full.
#pragma once

#include "common/fd.hh"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace e2e {

// The path of a program of the suite, from the folder SUITE_BIN; other names as they are, for PATH.
std::string find_program(const std::string& name);

// Something did not happen, or not in time; doctest shows the text and the test has failed.
struct Failure : std::runtime_error {
    using runtime_error::runtime_error;
};

using Seconds = std::chrono::seconds;
// How long a test waits for one event: only a failing test waits so long. Shorter than the runner's limit for
// a test, so that we say what failed.
inline constexpr Seconds patience{60};

using Words = std::vector<std::string>;

// Collects all that comes out of a descriptor.
class Collector {
public:
    // Lines are also copied to the test's own output, each after `prefix| ', if there is a prefix.
    explicit Collector(common::Fd from, std::string prefix = {});
    ~Collector();
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    // All that was written before the call.
    std::string text() const;
    // Waits until text stands at or behind position `from', and returns the position behind it.
    std::size_t wait_for(std::string_view text, std::size_t from = 0, Seconds limit = patience) const;
    // Takes what is there already, and no more: others may still hold the writing end.
    void finish();

private:
    void collect();
    void echo(std::string_view bytes);

    common::Fd from_;
    common::Fd stop_reading_, stop_writing_;
    std::string prefix_;
    std::string unfinished_line_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::string text_;
    bool ended_ = false;
    std::thread thread_;
};

// A child process.
class Child {
public:
    // What stands for descriptors 0, 1, 2, ... in the child: borrowed ones of ours. environment: NAME=VALUE
    // on top of our own. terminal: a session of its own, with the terminal of this path as 0, 1 and 2.
    struct Setting {
        std::vector<int> descriptors;
        Words environment;
        std::string terminal;
    };
    // The program is found by find_program.
    Child(const Words& command, const Setting& setting);
    ~Child(); // kills it
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number); // nothing if it has ended
    // The exit status, or 128 + the signal that ended it, as a shell says. Throws Failure at the deadline.
    int wait(Seconds limit = patience);
    bool has_ended() const;

private:
    std::string name_;
    pid_t pid_ = -1;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<int> status_;
    std::thread thread_;
};

// A program with pipes at its standard input, output and error.
class Process {
public:
    // input: a file to read instead of a pipe. Its standard error is copied to the test's output.
    explicit Process(const Words& command, common::Fd input = {}, const Words& environment = {});

    void write(std::string_view text); // to its standard input; throws Failure when nobody reads
    void close_input() { input_.reset(); }
    const Collector& out() const { return *out_; }
    const Collector& err() const { return *err_; }
    pid_t pid() const { return child_->pid(); }
    void signal(int number) { child_->signal(number); }
    int wait(Seconds limit = patience); // as Child's; out() and err() are complete afterwards

private:
    common::Fd input_;
    std::optional<Collector> out_, err_;
    std::optional<Child> child_;
};

struct Result {
    int status; // as Child::wait says
    std::string out;
    std::string err;
};
// Runs a program to its end.
Result run_client(const Words& command, std::string_view input = {}, Seconds limit = patience);

// A pipe whose ends are close-on-exec: reading, writing.
std::pair<common::Fd, common::Fd> make_pipe();

} // namespace e2e
