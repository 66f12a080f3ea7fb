// SPDX-License-Identifier: ISC
// The line on a terminal that says how far a transfer is. Run by fcp.
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

// " 45%   123.4 MB    56.7 MB/s  NAME", cut to fewer than columns; always as wide, so that each covers the
// one before. The name is escaped here.
std::string format_progress(const ProgressState& state, std::string_view name, std::size_t columns);

class Progress {
public:
    // shown: false for a transfer that nobody watches. The line goes to standard error.
    Progress(bool shown, std::string_view name, std::optional<std::uint64_t> total);
    ~Progress(); // ends the line, so that an error's text has one of its own
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void add(std::size_t bytes); // shows at most five lines a second
    void finish();               // the last state, whatever the time

private:
    using Clock = std::chrono::steady_clock;
    void show(Clock::time_point now);

    bool shown_;
    std::string name_;
    ProgressState state_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point next_ = start_;
    bool line_is_open_ = false;
};

} // namespace ftpd
