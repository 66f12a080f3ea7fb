// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/lookup.hh"

#include "common/text.hh"

#include <utility>

using namespace common;

namespace chatd {

void Lookup::start(Wanted wanted) {
    if (running_) {
        waiting_ = std::move(wanted);
        return;
    }
    running_.emplace(std::move(wanted));
    go_on();
}

void Lookup::open(std::uint32_t segment, Fd log, std::uint64_t offset) {
    running_->log.open(segment, std::move(log), offset);
    running_->segment = Running::Segment::there;
}

bool Lookup::go_on() {
    using Segment = Running::Segment;
    Running& running = *running_;
    if (running.is_at_end) return output_.has_room() && (finish(), true);
    if (running.segment == Segment::asked) return false;
    if (running.segment != Segment::there) {
        if (hub_.is_waiting()) return false;
        const bool is_first = running.segment == Segment::first;
        const std::uint32_t room = running.wanted.room;
        running.segment = Segment::asked;
        hub_.ask(
            is_first ? FindFrame::make({}, room, running.wanted.from)
                     : NextFrame::make({}, room, running.log.segment()),
            {.what = is_first ? Message::find : Message::next_segment, .room = room, .is_lookups = true});
        return true;
    }
    if (holds_rooms() && !output_.has_room()) return false;
    look();
    return true;
}

void Lookup::look() {
    Running& running = *running_;
    const bool is_search = !holds_rooms();
    ++running.slices;
    for (std::size_t found = 0; found < slice && (is_search || output_.has_room()); ++found) {
        Record record;
        const LogQuery::Result result = running.log.next(record, slice);
        const auto gap = running.log.take_gap();
        if (gap && !is_search) output_.say(Phrase::lines_gone, text(gap->first), text(gap->last));
        running.is_at_end = running.log.has_ended();
        if (result == LogQuery::Result::segment_end) running.segment = Running::Segment::next;
        if (result != LogQuery::Result::line) return;
        ++running.found;
        if (!is_search) {
            output_.show(output_.display().record(record, {}, Display::When::earlier));
            continue;
        }
        running.last.push_back(std::move(record));
        if (running.last.size() > max_found) running.last.pop_front();
    }
}

// The client is told what was found.
void Lookup::finish() {
    const Running done = *std::move(running_);
    running_.reset();
    if (waiting_) running_.emplace(*std::exchange(waiting_, std::nullopt));
    if (done.found == 0) return output_.say(Phrase::nothing_found);
    for (const Record& record : done.last)
        output_.show(output_.display().record(record, {}, Display::When::earlier));
    if (done.found > done.last.size() && !done.wanted.words.empty())
        output_.say(Phrase::found, text(done.last.size()), text(done.found));
}

} // namespace chatd
