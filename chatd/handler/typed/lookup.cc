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
    running_.emplace(hub_, std::move(wanted));
    go_on();
}

bool Lookup::go_on() {
    LogWalk& log = running_->log;
    if (log.has_ended()) return output_.has_room() && (finish(), true);
    if (!log.is_open()) return log.ask();
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
        const bool is_line = running.log.next(record, slice);
        const auto gap = running.log.take_gap();
        if (gap && !is_search) output_.say(Phrase::lines_gone, text(gap->first), text(gap->last));
        if (!is_line) return;
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
    if (waiting_) running_.emplace(hub_, *std::exchange(waiting_, std::nullopt));
    if (done.found == 0) return output_.say(Phrase::nothing_found);
    for (const Record& record : done.last)
        output_.show(output_.display().record(record, {}, Display::When::earlier));
    if (done.found > done.last.size() && !done.wanted.words.empty())
        output_.say(Phrase::found, text(done.last.size()), text(done.found));
}

} // namespace chatd
