// SPDX-License-Identifier: ISC
#include "common/line_reader.hh"

#include <algorithm>
#include <utility>

namespace common {
namespace {

constexpr std::size_t first_size = 512; // bytes

} // namespace

LineReader::LineReader(std::size_t most, LineEnds ends, std::size_t at_once)
    : most_(most),
      largest_(std::max(most + 2, at_once)),
      size_(std::min(first_size, largest_)),
      buffer_(std::make_unique_for_overwrite<char[]>(size_)),
      kept_(std::min(kept_of_too_long, (most_ + 1) / 2)),
      ends_(ends == LineEnds::newline ? Ends::newline
            : ends == LineEnds::any   ? Ends::any
                                      : Ends::undecided) {}

std::span<char> LineReader::free_part() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == size_ || was_filled_) make_room();
    return std::span{buffer_.get(), size_}.subspan(end_);
}

IoState LineReader::fill(int fd) {
    const std::span<char> into = free_part();
    if (into.empty()) return IoState::would_block;
    const IoResult got = read_some(fd, into);
    end_ += got.bytes;
    was_filled_ = got.bytes == into.size();
    return got.state;
}

std::size_t LineReader::add(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
        const std::span<char> into = free_part();
        if (into.empty()) break;
        const std::size_t copied = bytes.substr(taken).copy(into.data(), into.size());
        end_ += copied;
        taken += copied;
    }
    return taken;
}

void LineReader::make_room() {
    if (begin_ > 0) {
        std::copy(buffer_.get() + begin_, buffer_.get() + end_, buffer_.get());
        end_ -= std::exchange(begin_, 0);
        if (!was_filled_) return;
    }
    was_filled_ = false;
    const std::size_t larger = std::min(2 * size_, largest_);
    if (larger == size_) return;
    auto buffer = std::make_unique_for_overwrite<char[]>(larger);
    std::copy(buffer_.get(), buffer_.get() + end_, buffer.get());
    buffer_ = std::move(buffer);
    size_ = larger;
}

std::optional<std::size_t> LineReader::find_end(std::string_view bytes) const {
    if (ends_ == Ends::any) {
        const std::size_t end = bytes.find_first_of(std::string_view{"\r\n\0", 3});
        return end == bytes.npos ? std::nullopt : std::optional{end};
    }
    if (ends_ != Ends::crlf) {
        const std::size_t newline = bytes.find('\n');
        return newline == bytes.npos ? std::nullopt : std::optional{newline};
    }
    const std::size_t end = bytes.find("\r\n");
    if (end != bytes.npos) return end + 1;
    return {};
}

void LineReader::skip_rest_of_end() {
    const std::string_view bytes = buffered();
    if (bytes.empty() || !std::exchange(after_return_, false)) return;
    if (bytes[0] == '\n' || bytes[0] == '\0') consume(1);
}

std::optional<Line> LineReader::next() {
    skip_rest_of_end();
    while (const std::optional<std::size_t> newline = find_end(buffered())) {
        Line line = take(*newline);
        if (!std::exchange(drops_line_, false)) return line;
        skip_rest_of_end();
    }
    if (!full()) return {};
    // The cap is reached and no end in sight. What came last may be the line's last bytes: it stays.
    if (!std::exchange(discarding_, true)) beginning_ = buffered().substr(0, kept_);
    begin_ = end_ - kept_;
    return {};
}

bool LineReader::drop() {
    bool any = drops_line_;
    while (next()) any = true;
    drops_line_ = drops_line_ || !buffered().empty() || discarding_;
    begin_ = end_;
    return any || drops_line_;
}

std::vector<std::string_view> LineReader::waiting_lines() const {
    std::vector<std::string_view> lines;
    std::string_view rest = buffered();
    for (bool is_rest = discarding_; const auto end = find_end(rest); is_rest = false) {
        std::string_view line = rest.substr(0, *end);
        if (ends_ != Ends::any && !line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!is_rest) lines.push_back(line);
        rest.remove_prefix(*end + 1);
    }
    return lines;
}

Line LineReader::take(std::size_t newline) {
    std::string_view text = buffered().substr(0, newline);
    after_return_ = ends_ == Ends::any && buffer_[begin_ + newline] == '\r';
    const bool has_return = ends_ != Ends::any && !text.empty() && text.back() == '\r';
    if (ends_ == Ends::undecided) ends_ = has_return ? Ends::crlf : Ends::newline_decided;
    if (has_return) text.remove_suffix(1);
    const bool too_long = discarding_ || text.size() > most_;
    if (too_long && !discarding_) beginning_ = text.substr(0, kept_);
    if (too_long) text.remove_prefix(text.size() - std::min(text.size(), kept_));
    Line line{std::exchange(beginning_, {}).append(text), too_long};
    discarding_ = false;
    consume(newline + 1);
    return line;
}

} // namespace common
