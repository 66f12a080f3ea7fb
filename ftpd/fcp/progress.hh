// SPDX-License-Identifier: ISC
// The line on a terminal that says how far fcp is with all that it copies. Run by fcp.
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
// the one before. The time is what is left by the mean rate, or, once all is there, what it took. The name is
// escaped here.
std::string format_progress(const ProgressState& state, std::string_view name, std::size_t columns);

class Progress {
public:
    // shown: false for a transfer that nobody watches. The line goes to standard error.
    explicit Progress(bool shown) : shown_(shown) {}
    ~Progress() { end_line(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void expect(std::uint64_t bytes) { state_.total = state_.total.value_or(0) + bytes; }
    // Bytes that will not come after all.
    void forgo(std::uint64_t bytes);
    void name(std::string_view name) { name_ = name; }
    void add(std::uint64_t bytes); // shows at most five lines a second
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

} // namespace ftpd
