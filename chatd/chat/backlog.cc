// SPDX-License-Identifier: ISC
#include "chatd/chat/backlog.hh"

#include <algorithm>
#include <utility>

namespace chatd {

std::string Backlog::take_held() { return std::exchange(held_, {}); }

std::optional<std::string> Backlog::take_line(bool has_ended) {
    const std::size_t end = std::min(held_.find('\n'), held_.size());
    if (end == held_.size() && !has_ended) return {};
    std::string line = held_.substr(0, end);
    held_.erase(0, end + 1);
    return line;
}

void Backlog::lose_place(bool keeps) {
    if (keeps) held_.insert(0, undealt_);
    undealt_.clear();
    dealt_ = line_end_ = 0;
    has_place_ = false;
}

void Backlog::deal_with(std::uint64_t bytes) {
    const std::uint64_t more = std::min<std::uint64_t>(bytes - std::min(bytes, dealt_), undealt_.size());
    undealt_.erase(0, more);
    dealt_ += more;
}

void Backlog::note_line(std::uint64_t end, std::string_view keys) {
    line_end_ = end;
    line_keys_ = keys;
}

const std::string& Backlog::take_up(std::uint64_t bytes) {
    deal_with(bytes);
    if (line_end_ > dealt_) {
        const std::uint64_t replaced = std::min<std::uint64_t>(line_end_ - dealt_, undealt_.size());
        undealt_.replace(0, replaced, line_keys_);
    }
    line_end_ = 0;
    dealt_ = bytes;
    return undealt_;
}

} // namespace chatd
