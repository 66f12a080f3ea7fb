// SPDX-License-Identifier: ISC
// Runs jobs, each in a forked process, process group and place of its own, several at a time, with a
// deadline. A job fails when its body says so, when it crashes or ends early or late, or when a process that
// it started outlives it. Knows nothing of doctest.
#pragma once

#include "common/fd.hh"
#include "tests/idle.hh"
#include "tests/place.hh"

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <list>
#include <signal.h>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tests {

enum class Outcome { passed, failed, skipped };

struct Job {
    std::string title;
    std::chrono::seconds time_limit;
    bool early; // among the first: the long ones, or the last seconds have one job at a time
    // In the forked process. One that is skipped says why in the last line of its output.
    std::function<Outcome()> body;
};

class Runner {
public:
    struct Manner {
        std::size_t at_once; // jobs at the same time
        std::size_t at_most; // that many while the processors have room
        bool verbose;        // a line for each that passes or is skipped
    };
    // logs: folder for the output of jobs that fail, whose last part is printed too, made safe to show.
    Runner(Manner manner, std::filesystem::path logs);
    ~Runner(); // kills what still runs, and waits for its end
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    void add(Job job) { waiting_.push_back({std::move(job)}); }
    // Returns when all jobs have ended; false after SIGINT, SIGTERM or SIGHUP.
    bool run_all();
    // Once more, in short: those that failed, each with its first check that did not hold.
    void print_failures() const;
    void print_slowest();

    std::size_t passed() const { return passed_; }
    std::size_t failed() const { return failed_; }
    std::size_t skipped() const { return skipped_; }

private:
    using Clock = std::chrono::steady_clock;
    struct Run {
        Job job;
        std::filesystem::path place{};
        pid_t pid = 0;       // also its process group
        common::Fd output{}; // an unlinked file
        Clock::time_point started{};
        Clock::time_point deadline{};
        bool ended = false; // reaped; what it started may still be there
        bool skipped = false;
        std::string fault{}; // why it failed; empty: it passed
        double seconds = 0;
    };

    bool may_start();
    void start(Run run);
    [[noreturn]] void run_body(const Run& run);
    bool wait_for_signal();
    void reap();
    void enforce_deadline(Run& run);
    void finish(Run& run);
    std::vector<std::string> show_output(const Run& run); // the lines shown
    void kill_strays();
    void show_progress() const;

    Manner manner_;
    Idle idle_{};
    std::filesystem::path logs_;
    sigset_t signals_{};
    sigset_t old_mask_{};
    std::deque<Run> waiting_;
    std::list<Run> running_;
    std::vector<Run> finished_;
    std::vector<std::pair<std::string, std::vector<std::string>>> failures_; // title and cause
    Places places_;
    std::size_t started_ = 0;
    std::size_t passed_ = 0;
    std::size_t failed_ = 0;
    std::size_t skipped_ = 0;
};

} // namespace tests
