// SPDX-License-Identifier: ISC
#include "chatd/handler/log_walk.hh"

#include <utility>

namespace chatd {

bool LogWalk::ask() {
    if (segment_ == Segment::asked || hub_.is_waiting()) return false;
    const bool is_first = std::exchange(segment_, Segment::asked) == Segment::first;
    hub_.ask(is_first ? FindFrame::make({}, room_, from_) : NextFrame::make({}, room_, log_.segment()),
             {.what = is_first ? Message::find : Message::next_segment, .room = room_, .is_lookups = true});
    return true;
}

void LogWalk::open(std::uint32_t segment, common::Fd log, std::uint64_t offset) {
    log_.open(segment, std::move(log), offset);
    segment_ = Segment::there;
}

bool LogWalk::next(Record& record, std::size_t max_records) {
    const LogQuery::Result result = log_.next(record, max_records);
    is_at_end_ = log_.has_ended();
    if (result == LogQuery::Result::segment_end) segment_ = Segment::next;
    return result == LogQuery::Result::line;
}

} // namespace chatd
