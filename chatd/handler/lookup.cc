// SPDX-License-Identifier: ISC
#include "chatd/handler/lookup.hh"

#include "common/text.hh"

using namespace common;

namespace chatd {
namespace {

constexpr std::size_t max_records = 1000; // that are looked at before the hub is heard again

} // namespace

void Lookup::start(std::uint32_t room, std::uint64_t from, std::uint64_t until,
                   std::vector<std::string> words) {
    const bool is_search = !words.empty();
    running_.emplace(Running{LogQuery{{from, until, std::move(words)}}, room, is_search});
    hub_.ask(FindFrame::make({}, room, from), {.what = Message::find, .room = room});
}

void Lookup::open(std::uint32_t segment, Fd log, std::uint64_t offset) {
    running_->log.open(segment, std::move(log), offset);
}

bool Lookup::go_on() {
    Running& running = *running_;
    if (hub_.is_waiting()) return false;
    bool any = false;
    for (Record record; output_.has_room(); any = true) {
        const LogQuery::Result result = running.log.next(record, max_records);
        const auto gap = running.log.take_gap();
        if (gap && !running.is_search) output_.say(Phrase::lines_gone, text(gap->first), text(gap->last));
        if (result == LogQuery::Result::segment_end) {
            hub_.ask(NextFrame::make({}, running.room, running.log.segment()),
                     {.what = Message::next_segment, .room = running.room});
            return true;
        }
        if (running.log.has_ended()) return finish(), true;
        if (result == LogQuery::Result::nothing) return true; // the hub is heard before it goes on
        ++running.found;
        const std::string line = output_.display().record(record, {}, Display::When::earlier);
        if (!running.is_search) {
            output_.show(line);
            continue;
        }
        running.last.push_back(line);
        if (running.last.size() > max_found) running.last.pop_front();
    }
    return any;
}

void Lookup::finish() {
    const Running done = *std::move(running_);
    running_.reset();
    if (done.found == 0) return output_.say(Phrase::nothing_found);
    for (const std::string& line : done.last) output_.show(line);
    if (done.found > done.last.size() && done.is_search)
        output_.say(Phrase::found, text(done.last.size()), text(done.found));
}

} // namespace chatd
