// SPDX-License-Identifier: ISC
#include "chatd/chat/backlog.hh"

#include "chatd/words.hh"

#include <algorithm>
#include <array>
#include <utility>

namespace chatd {
namespace {

bool is_control(char byte) { return static_cast<unsigned char>(byte) < ' ' || byte == '\x7f'; }

// Whether what this line does, or what others it makes, cannot be told from its bytes, or what follows it is
// said in another room or under another name.
bool ends_search(std::string_view line, bool are_keys) {
    constexpr std::array<std::string_view, 5> commands{"/join", "/leave", "/switch", "/nick", "/paste"};
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    return std::any_of(
               line.begin(), line.end(),
               [&](char byte) { return are_keys ? is_control(byte) : byte == '\r' || byte == '\0'; }) ||
           std::find(commands.begin(), commands.end(), word) != commands.end();
}

} // namespace

std::string Backlog::take_held() {
    doubtful_ = 0;
    return std::exchange(held_, {});
}

std::optional<std::string> Backlog::take_line(bool has_ended) {
    const std::size_t end = std::min(held_.find('\n'), held_.size());
    if (end == held_.size() && !has_ended) return {};
    std::string line = held_.substr(0, end);
    held_.erase(0, end + 1);
    return line;
}

void Backlog::lose_place(bool keeps) {
    if (keeps && !undealt_.empty()) {
        held_.insert(0, undealt_);
        doubtful_ = mark_.bytes == dealt_ ? undealt_.size() : 0;
    }
    undealt_.clear();
    dealt_ = line_end_ = 0;
    has_place_ = false;
}

void Backlog::deal_with(std::uint64_t bytes) {
    const std::uint64_t more = std::min<std::uint64_t>(bytes - std::min(bytes, dealt_), undealt_.size());
    undealt_.erase(0, more);
    dealt_ += more;
}

void Backlog::note_mark(const Mark& mark) {
    deal_with(mark.bytes);
    mark_ = mark;
}

void Backlog::drop_said(const SaidLine& said, bool are_keys) {
    if (mark_.client == 0 || said.client != mark_.client || said.serial <= mark_.serial) return;
    mark_.serial = said.serial;
    const std::string_view doubtful = std::string_view{held_}.substr(0, doubtful_);
    for (std::size_t begin = 0;;) {
        const std::size_t end = doubtful.find(are_keys ? '\r' : '\n', begin);
        if (end == doubtful.npos) return;
        std::string_view line = doubtful.substr(begin, end - begin);
        if (!are_keys && line.ends_with('\r')) line.remove_suffix(1);
        if (ends_search(line, are_keys)) return;
        if (line.starts_with("//")) line.remove_prefix(1);
        begin = end + 1;
        if (!said.has(neutralise(line))) continue;
        held_.erase(0, begin);
        doubtful_ -= begin;
        return;
    }
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
