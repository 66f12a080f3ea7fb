// SPDX-License-Identifier: ISC
#include "ftpd/fcp/console.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

constexpr std::chrono::milliseconds interval{200};
constexpr std::size_t usual_columns = 80;

std::string align_right(std::string_view word, std::size_t width) {
    return std::string(width - std::min(width, word.size()), ' ').append(word);
}

// As many whole characters as surely fit: what is not ASCII may take two columns.
std::string_view cut(std::string_view line, std::size_t columns) {
    std::size_t end = 0;
    while (end < line.size()) {
        const std::size_t length = std::max<std::size_t>(utf8_length(line.substr(end)), 1);
        const std::size_t width = length == 1 ? 1 : 2;
        if (width > columns) break;
        columns -= width;
        end += length;
    }
    return line.substr(0, end);
}

std::string percentage(const ProgressState& state) {
    const std::uint64_t total = *state.total;
    const double part = total == 0 ? 1 : static_cast<double>(state.done) / static_cast<double>(total);
    return text(static_cast<unsigned>(part * 100), '%');
}

std::string rate(const ProgressState& state) {
    constexpr std::chrono::duration<double> min_time = std::chrono::milliseconds{1};
    const double per_second = static_cast<double>(state.done) / std::max(state.time, min_time).count();
    return human_size(static_cast<unsigned long long>(per_second)) + "/s";
}

// "1:23", "2:01:23"; no number where nothing tells.
std::string remaining(const ProgressState& state) {
    if (!state.total) return "";
    const bool is_complete = state.done >= *state.total;
    if (!is_complete && state.done == 0) return "--:--";
    const double left =
        is_complete ? 1.0 : static_cast<double>(*state.total - state.done) / static_cast<double>(state.done);
    constexpr double max_shown = 99 * 3600.0 + 3599;
    const auto seconds = static_cast<unsigned>(std::min(state.time.count() * left, max_shown));
    std::array<char, 32> shown{};
    if (seconds < 3600)
        std::snprintf(shown.data(), shown.size(), "%u:%02u", seconds / 60, seconds % 60);
    else
        std::snprintf(shown.data(), shown.size(), "%u:%02u:%02u", seconds / 3600, seconds / 60 % 60,
                      seconds % 60);
    return shown.data();
}

// COLUMNS, for who exports it, else what the terminal says.
std::size_t terminal_columns() {
    const char* const columns = std::getenv("COLUMNS");
    if (const auto given = parse_number<std::size_t>(columns == nullptr ? "" : columns, 1)) return *given;
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return usual_columns;
}

} // namespace

std::string format_progress(const ProgressState& state, std::string_view name, std::size_t columns) {
    std::string line = state.total ? align_right(percentage(state), 4) : std::string{};
    line += align_right(human_size(state.done), 11) + align_right(rate(state), 13);
    if (state.total) line += align_right(remaining(state), 10);
    line += "  " + escape(name);
    return std::string{cut(line, columns - 1)};
}

void Progress::forgo(std::uint64_t bytes) {
    state_.total = state_.total.value_or(0) - std::min(state_.total.value_or(0), bytes);
}

void Progress::add(std::uint64_t bytes) {
    state_.done += bytes;
    if (!shown_) return;
    const Clock::time_point now = Clock::now();
    if (now < next_) return;
    next_ = now + interval;
    show(now);
}

void Progress::finish() {
    if (shown_) show(Clock::now());
}

void Progress::end_line() {
    if (std::exchange(line_is_open_, false)) std::fputc('\n', stderr);
}

void Progress::show(Clock::time_point now) {
    state_.time = now - start_;
    std::string line = format_progress(state_, name_, terminal_columns());
    const std::size_t width = line.size();
    // A longer name may have stood there.
    if (width < shown_width_) line.append(shown_width_ - width, ' ');
    shown_width_ = width;
    std::fprintf(stderr, "\r%s", line.c_str());
    std::fflush(stderr);
    line_is_open_ = true;
}

void Console::fail(std::string_view name, std::string_view why) {
    fail(std::string{name}.append(": ").append(why));
}

void Console::fail(std::string_view line) {
    hint(line);
    any_failed_ = true;
}

void Console::hint(std::string_view line) {
    progress_.end_line();
    std::fprintf(stderr, "%s: %s\n", program_.c_str(), keep_to_one_line(line).c_str());
}

} // namespace ftpd
