// SPDX-License-Identifier: ISC
#include "chatd/terminal/line_history.hh"

namespace chatd {

void LineHistory::add(const std::string& line) {
    start_over();
    if (line.empty() || (!lines_.empty() && lines_.back() == line)) return;
    lines_.push_back(line);
    bytes_ += line.size();
    while (lines_.size() > most_lines || bytes_ > most_bytes) {
        bytes_ -= lines_.front().size();
        lines_.pop_front();
    }
}

std::optional<std::string> LineHistory::go_back(const std::string& line) {
    if (back_ == lines_.size()) return {};
    if (back_ == 0) unsent_ = line;
    return lines_[lines_.size() - ++back_];
}

std::optional<std::string> LineHistory::go_forward() {
    if (back_ == 0) return {};
    if (--back_ == 0) return unsent_;
    return lines_[lines_.size() - back_];
}

} // namespace chatd
