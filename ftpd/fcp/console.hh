// SPDX-License-Identifier: ISC
// What fcp and fls show while they work: on a terminal, a line with the progress of the whole copy, and on
// standard error a line for each thing that failed, after which the rest goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftpd {

struct ProgressState {
    std::uint64_t done = 0;             // bytes
    std::optional<std::uint64_t> total; // bytes; none: not known
    std::chrono::duration<double> time{};
};

// " 45%   123.4 MB    56.7 MB/s   0:12  NAME", cut to fewer than columns; always as wide, so that each covers
// the one before. The time is the rest by the mean rate, or, once complete, the time it took. The name is
// escaped here.
std::string format_progress(const ProgressState& state, std::string_view name, std::size_t columns);

// The line on the terminal.
class Progress {
public:
    // shown: false for a transfer that nobody watches. The line goes to standard error.
    explicit Progress(bool shown) : shown_(shown) {}
    ~Progress() { end_line(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void expect(std::uint64_t bytes) { state_.total = state_.total.value_or(0) + bytes; }
    // So many of the expected bytes will not come.
    void forgo(std::uint64_t bytes);
    void name(std::string_view name) { name_ = name; }
    void add(std::uint64_t bytes); // shows at most five lines per second
    void finish();                 // the last state, whatever the time
    void end_line();               // so that what is said next has a line of its own

private:
    using Clock = std::chrono::steady_clock;
    void show(Clock::time_point now);

    bool shown_;
    std::string name_;
    ProgressState state_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point next_ = start_;
    bool line_is_open_ = false;
    std::size_t shown_width_ = 0; // bytes of the line that stands there
};

class Console {
public:
    Console(std::string program, bool shows_progress)
        : program_(std::move(program)), progress_(shows_progress) {}

    Progress& progress() { return progress_; }
    // "fcp: NAME: WHY"; what came from the server is escaped already, or is here.
    void fail(std::string_view name, std::string_view why);
    void fail(std::string_view line);
    // "fcp: LINE", for whoever watches; what came from the server is escaped already.
    void hint(std::string_view line);
    bool any_failed() const { return any_failed_; }

private:
    std::string program_;
    Progress progress_;
    bool any_failed_ = false;
};

} // namespace ftpd
