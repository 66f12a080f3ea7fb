// SPDX-License-Identifier: ISC
// A walk through the log of a room, from one line to another: asks the hub for one segment after the other,
// and reads them, never waiting. Whoever walks takes pieces of it between everything else. Run by handlers.
#pragma once

#include "chatd/handler/hub_talk.hh"
#include "chatd/room_log/log_query.hh"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace chatd {

class LogWalk {
public:
    LogWalk(HubTalk& hub, std::uint32_t room, const LogQuery::Wanted& wanted)
        : hub_(hub), room_(room), from_(wanted.from), log_(wanted) {}

    // No more lines come.
    bool has_ended() const { return is_at_end_; }
    // Whether there is a segment to read; else ask for it, and its answer is waited for.
    bool is_open() const { return segment_ == Segment::there; }
    // Asks, unless it has, or something else is asked; whether it did. The request has is_lookups.
    bool ask();
    // Answers: the log goes on in this segment; or there is no more.
    void open(std::uint32_t segment, common::Fd log, std::uint64_t offset);
    void end() { is_at_end_ = true; }

    // Looks at so many records at most, while it is open; whether the next line was among them.
    bool next(Record& record, std::size_t max_records);
    // Lines that are missing before that one.
    std::optional<LogQuery::Gap> take_gap() { return log_.take_gap(); }

private:
    enum class Segment { first, next, asked, there };

    HubTalk& hub_;
    std::uint32_t room_;
    std::uint64_t from_;
    LogQuery log_;
    Segment segment_ = Segment::first;
    bool is_at_end_ = false;
};

} // namespace chatd
