// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/history_search.hh"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace chatd::irc {
namespace {

constexpr std::uint64_t wider = 8; // times, where a walk did not begin early enough

bool is_speech(Kind kind) {
    constexpr std::array speech{Kind::said, Kind::acted, Kind::announced, Kind::noted, Kind::noticed};
    return std::find(speech.begin(), speech.end(), kind) != speech.end();
}

// Of microseconds since 1970, a time before that included.
std::int64_t milliseconds(std::int64_t time) { return (time - (time % 1000 + 1000) % 1000) / 1000; }

// -1 where what is said stands before the point, 0 at it, 1 behind it.
int side_of(const Record& record, unsigned part, const HistoryPoint& point) {
    const auto compared = [](const auto& a, const auto& b) { return a < b ? -1 : a == b ? 0 : 1; };
    if (const auto* const id = std::get_if<MessageId>(&point))
        return compared(std::tuple{record.line, part}, std::tuple{id->line, id->part});
    return compared(milliseconds(record.time), milliseconds(std::get<std::int64_t>(point)));
}

bool is_set(const HistoryPoint& point) { return !std::holds_alternative<std::monostate>(point); }

} // namespace

bool HistoryRange::holds(const Record& record, unsigned part) const {
    if (is_set(after) && side_of(record, part, after) < (includes_after ? 0 : 1)) return false;
    return !is_set(before) || side_of(record, part, before) < 0;
}

bool HistoryRange::begins_behind(const Record& record) const {
    if (!is_set(after)) return false;
    if (const auto* const id = std::get_if<MessageId>(&after)) return record.line < id->line;
    return side_of(record, 0, after) < (includes_after ? 0 : 1);
}

bool HistoryRange::ends_before(const Record& record) const {
    if (!is_set(before)) return false;
    if (const auto* const id = std::get_if<MessageId>(&before)) return record.line > id->line;
    return side_of(record, 0, before) >= 0;
}

std::optional<bool> HistoryRange::is_in_order(const HistoryPoint& first, const HistoryPoint& second) {
    const auto* const first_id = std::get_if<MessageId>(&first);
    const auto* const second_id = std::get_if<MessageId>(&second);
    if (first_id != nullptr && second_id != nullptr)
        return std::tie(first_id->line, first_id->part) <= std::tie(second_id->line, second_id->part);
    const auto* const first_time = std::get_if<std::int64_t>(&first);
    const auto* const second_time = std::get_if<std::int64_t>(&second);
    if (first_time != nullptr && second_time != nullptr) return *first_time <= *second_time;
    return {};
}

std::vector<HistoryRange> ranges_of(const HistoryQuery& query) {
    using enum HistoryRange::Side;
    const HistoryPoint nothing{};
    const std::size_t half = query.limit / 2;
    switch (query.kind) {
    case HistoryQuery::Kind::latest: return {{query.from, nothing, false, last, query.limit}};
    case HistoryQuery::Kind::before: return {{nothing, query.from, false, last, query.limit}};
    case HistoryQuery::Kind::after: return {{query.from, nothing, false, first, query.limit}};
    case HistoryQuery::Kind::around:
        return {{nothing, query.from, false, last, half},
                {query.from, nothing, true, first, query.limit - half}};
    case HistoryQuery::Kind::between: {
        const HistoryRange forward{query.from, query.until, false, first, query.limit};
        const HistoryRange back{query.until, query.from, false, last, query.limit};
        const auto is_forward = HistoryRange::is_in_order(query.from, query.until);
        if (!is_forward) return {forward, back}; // in one of them there is nothing
        return {*is_forward ? forward : back};
    }
    case HistoryQuery::Kind::targets: return {};
    }
    return {};
}

HistorySearch::HistorySearch(HubTalk& hub, std::uint32_t room, std::uint64_t next, HistoryRange range)
    : hub_(hub),
      room_(room),
      range_(std::move(range)),
      floor_(1),
      end_(next),
      window_(256 + 4 * range_.limit) {
    if (const auto* const id = std::get_if<MessageId>(&range_.after)) floor_ = std::max(id->line, floor_);
    if (const auto* const id = std::get_if<MessageId>(&range_.before))
        end_ = std::min(end_, std::max(id->line, id->line + 1));
    has_ended_ = floor_ >= end_ || range_.limit == 0;
    if (!has_ended_) begin();
}

void HistorySearch::begin() {
    start_ = end_ - std::min(end_ - floor_, window_);
    // The first ones behind a line begin there.
    if (range_.side == HistoryRange::Side::first && floor_ > 1) start_ = floor_;
    found_.clear();
    is_first_ = true;
    has_begun_early_ = is_opened_ = false;
    walk_.emplace(hub_, room_, LogQuery::Wanted{start_, end_, {}});
}

void HistorySearch::widen() {
    window_ *= wider;
    begin();
}

void HistorySearch::open(std::uint32_t segment, common::Fd log, std::uint64_t offset) {
    is_opened_ = true;
    walk_->open(segment, std::move(log), offset);
}

void HistorySearch::end_log() {
    is_refused_ = !is_opened_;
    walk_->end();
}

bool HistorySearch::go_on() {
    if (walk_->has_ended()) {
        const bool has_all = found_.size() > range_.limit + 1 || start_ == floor_ || has_begun_early_;
        if (has_all || is_refused_)
            has_ended_ = true;
        else
            widen();
        return true;
    }
    if (!walk_->is_open()) return walk_->ask();
    look();
    return true;
}

void HistorySearch::look() {
    for (std::size_t looked_at = 0; looked_at < slice; ++looked_at) {
        Record record;
        if (!walk_->next(record, slice)) return;
        const bool is_late = range_.ends_before(record);
        if (std::exchange(is_first_, false)) {
            has_begun_early_ = range_.begins_behind(record);
            // What comes first is what is wanted, or nothing of this walk is.
            const bool needs_begin = range_.side == HistoryRange::Side::first && !has_begun_early_;
            if (start_ != floor_ && (is_late || needs_begin)) return widen();
        }
        if (is_late) return walk_->end();
        if (!is_speech(record.kind) || range_.begins_behind(record)) continue;
        take(std::move(record));
        if (walk_->has_ended()) return;
    }
}

// Of the lines at both points, which may have more parts, one more each.
void HistorySearch::take(Record record) {
    found_.push_back(std::move(record));
    if (found_.size() <= range_.limit + 2) return;
    if (range_.side == HistoryRange::Side::last) return found_.pop_front();
    found_.pop_back();
    walk_->end();
}

} // namespace chatd::irc
