// SPDX-License-Identifier: ISC
// The first or the last things that were said in a room between two points of its log, of which one or both
// may be a time: looks at the newest lines first, and further back as long as that is not enough, in slices
// that never wait. Run by handlers.
#pragma once

#include "chatd/handler/irc/history_query.hh"
#include "chatd/handler/log_walk.hh"
#include "chatd/protocol.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace chatd::irc {

// What is looked for: speech behind one point and before another. A time counts in milliseconds, since the
// client knows no more of it.
struct HistoryRange {
    enum class Side { first, last };
    HistoryPoint after{};  // nothing: from the beginning
    HistoryPoint before{}; // nothing: to the end
    bool includes_after = false;
    Side side = Side::last;
    std::size_t limit = 0; // messages

    // Whether a part of the line is in it; of a line without parts, 0.
    bool holds(const Record& record, unsigned part) const;
    // Whether it begins behind the whole line; whether it ends before that.
    bool begins_behind(const Record& record) const;
    bool ends_before(const Record& record) const;
    // Whether the first is not behind the second; no value where only the log can tell.
    static std::optional<bool> is_in_order(const HistoryPoint& first, const HistoryPoint& second);
};

// What a query looks for, one after the other; none for targets.
std::vector<HistoryRange> ranges_of(const HistoryQuery& query);

class HistorySearch {
public:
    static constexpr std::size_t slice = 1000; // records that are looked at at once: about a millisecond

    // next: the line of the room behind all that count.
    HistorySearch(HubTalk& hub, std::uint32_t room, std::uint64_t next, HistoryRange range);

    // Goes on as far as it can without waiting, a slice at the most; whether anything was done.
    bool go_on();
    bool has_ended() const { return has_ended_; }
    // What the hub has answered to a request of ours.
    void open(std::uint32_t segment, common::Fd log, std::uint64_t offset);
    void end_log();
    bool is_refused() const { return is_refused_; } // there was no log to look into

    const HistoryRange& range() const { return range_; }
    // What was found, in the log's order: for the limit some more may be there than it says, since a part of
    // a line may be out of the range.
    const std::deque<Record>& found() const { return found_; }

private:
    void begin();
    void look();
    void take(Record record);
    void widen();

    HubTalk& hub_;
    std::uint32_t room_;
    HistoryRange range_;
    std::uint64_t floor_; // no line before it counts
    std::uint64_t end_;   // nor this one, nor any behind it
    std::uint64_t window_;
    std::uint64_t start_ = 0; // of the walk
    std::optional<LogWalk> walk_;
    std::deque<Record> found_;
    bool is_first_ = true;         // the next line is the first one of the walk
    bool has_begun_early_ = false; // the walk's first line is before the range
    bool is_opened_ = false;
    bool is_refused_ = false;
    bool has_ended_ = false;
};

} // namespace chatd::irc
