// SPDX-License-Identifier: ISC
#include "chatd/handler/room_view.hh"

#include <algorithm>
#include <utility>

namespace chatd {
namespace {

// What others do with words of their own, or come and go: a client is not shown that of itself.
bool is_speech(Kind kind) { return kind == Kind::said || kind == Kind::acted || kind == Kind::noticed; }
bool is_move(Kind kind) { return kind == Kind::joined || kind == Kind::left; }

} // namespace

RoomView::RoomView(const Start& start, std::string name, common::Fd log)
    : start_(start), name_(std::move(name)), log_(std::move(log), start.offset), next_line_(start.first) {}

bool RoomView::is_own(const Record& record) const {
    const auto& formers = start_.formers;
    return record.speaker == start_.client ||
           std::find(formers.begin(), formers.end(), record.speaker) != formers.end();
}

bool RoomView::is_for_client(const Record& record) const {
    if (record.line < start_.first) return false; // reading has begun at the segment's start
    if ((is_move(record.kind) || (is_speech(record.kind) && !shows_own_)) && is_own(record)) return false;
    const bool is_earlier = record.line < start_.joined;
    if (is_earlier && hides_earlier_) return false;
    if (is_earlier && start_.first == 0) return record.kind != Kind::joined && record.kind != Kind::left;
    return true;
}

RoomView::Step RoomView::next(Record& record) {
    for (;;) {
        if (std::exchange(holds_, false))
            record = std::move(held_);
        else if (log_.next(record) == LogReader::Result::not_yet) {
            caught_up_ = true;
            return {};
        } else if (record.kind == Kind::segment_end) {
            at_segment_end_ = caught_up_ = true;
            asked_ = false;
            return {Step::Kind::segment_end};
        } else if (next_line_ != 0 && record.line > next_line_) {
            const std::uint64_t lost = record.line - next_line_;
            next_line_ = record.line;
            held_ = std::move(record);
            holds_ = true;
            return {Step::Kind::lost, lost};
        }
        if (record.kind == Kind::segment_start) {
            next_line_ = std::max(next_line_, record.line);
            continue;
        }
        if (held_from_ != 0 && record.speaker == start_.client && record.serial >= held_from_) {
            put_back(std::move(record));
            return {};
        }
        next_line_ = std::max(next_line_, record.line + 1);
        asked_ = false;
        if (is_for_client(record)) return {Step::Kind::line, 0, record.line < start_.joined};
    }
}

void RoomView::look_again() {
    caught_up_ = at_segment_end_; // after the end of a segment nothing comes
    log_.look_again();
}

void RoomView::wake() {
    look_again();
    asked_ = asked_ && at_segment_end_;
}

void RoomView::go_on(std::uint32_t segment, common::Fd log, std::uint64_t offset) {
    if (!at_segment_end_ && log_.find_record()) {
        caught_up_ = asked_ = false;
        return;
    }
    const bool holds = holds_; // what is held comes before all of the next segment
    open(segment, std::move(log), offset);
    holds_ = holds;
}

void RoomView::open(std::uint32_t segment, common::Fd log, std::uint64_t offset) {
    start_.segment = segment;
    log_ = LogReader{std::move(log), offset};
    caught_up_ = at_segment_end_ = asked_ = holds_ = false;
}

std::uint64_t RoomView::skip_to(std::uint64_t line, std::uint32_t segment, common::Fd log,
                                std::uint64_t offset) {
    const std::uint64_t skipped = line - std::min(line, next_line());
    open(segment, std::move(log), offset);
    next_line_ = std::max(next_line_, line);
    start_.first = std::max(start_.first, line);
    return skipped;
}

} // namespace chatd
