// SPDX-License-Identifier: ISC
#include "ftpd/progress.hh"

#include "common/text.hh"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

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
    constexpr std::chrono::duration<double> shortest = std::chrono::milliseconds{1};
    const double per_second = static_cast<double>(state.done) / std::max(state.time, shortest).count();
    return human_size(static_cast<unsigned long long>(per_second)) + "/s";
}

// POSIX has no way to ask a terminal; a shell that exports COLUMNS knows.
std::size_t terminal_columns() {
    const char* const columns = std::getenv("COLUMNS");
    return parse_number<std::size_t>(columns == nullptr ? "" : columns, 1).value_or(usual_columns);
}

} // namespace

std::string format_progress(const ProgressState& state, std::string_view name, std::size_t columns) {
    std::string line = state.total ? align_right(percentage(state), 4) : std::string{};
    line += align_right(human_size(state.done), 11) + align_right(rate(state), 13) + "  " + escape(name);
    return std::string{cut(line, columns - 1)};
}

Progress::Progress(bool shown, std::string_view name, std::optional<std::uint64_t> total)
    : shown_(shown), name_(name), state_{0, total, {}} {}

Progress::~Progress() {
    if (line_is_open_) std::fputc('\n', stderr);
}

void Progress::add(std::size_t bytes) {
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

void Progress::show(Clock::time_point now) {
    state_.time = now - start_;
    std::fprintf(stderr, "\r%s", format_progress(state_, name_, terminal_columns()).c_str());
    std::fflush(stderr);
    line_is_open_ = true;
}

} // namespace ftpd
