// SPDX-License-Identifier: ISC
// One room as one client follows it: the place in the room's log, which lines are for this client, and how
// many are gone for good. Run by handlers; knows nothing of the hub but the segments that it was given.
#pragma once

#include "chatd/protocol.hh"
#include "chatd/room_log/log_reader.hh"
#include "common/fd.hh"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace chatd {

class RoomView {
public:
    struct Start {
        std::uint32_t room = 0;
        std::uint64_t client = 0; // the number of its own lines
        std::uint64_t joined = 0; // the line of its joining
        std::uint64_t first = 0;  // the first line to show, also of joining and leaving; 0: a newcomer
        std::uint32_t segment = 0;
        std::uint64_t offset = 0;
        std::vector<std::uint64_t> formers{}; // the numbers of its own lines before it came back
    };
    RoomView(const Start& start, std::string name, common::Fd log);

    std::uint32_t number() const { return start_.room; }
    const std::string& name() const { return name_; }
    std::uint64_t client() const { return start_.client; } // the number of its own lines
    std::uint32_t segment() const { return start_.segment; }
    // The line after all that were shown.
    std::uint64_t next_line() const { return next_line_ == 0 ? start_.joined : next_line_; }

    struct Step {
        enum class Kind { line, lost, nothing, segment_end } kind = Kind::nothing;
        std::uint64_t lost = 0;  // how many lines are gone; the line itself comes with the next step
        bool is_earlier = false; // than the joining
    };
    // Takes the next record that is for this client. nothing: all existing records have been taken.
    Step next(Record& record);
    // The record that was taken last comes again with the next step.
    void put_back(Record record) {
        next_line_ = std::min(next_line_, record.line); // it is not shown yet
        held_ = std::move(record);
        holds_ = true;
    }
    // The hub is to be heard before this line is shown: true the first time that it is said of this line.
    bool note_hearing(std::uint64_t line) { return std::exchange(heard_before_, line) != line; }
    bool has_caught_up() const { return caught_up_; }
    // The bytes at its place are not a record: they are half of one, or damage.
    bool has_tail() const { return !at_segment_end_ && log_.has_tail(); }
    // There may be more.
    void look_again();
    void wake(); // the same, and the hub has said so
    // The next segment, or a later one, unless what seemed to be damage was being written and is whole now:
    // whoever wrote the next segment's start had written all of it before.
    void go_on(std::uint32_t segment, common::Fd log, std::uint64_t offset);
    // Passes over all lines before this one; how many those are.
    std::uint64_t skip_to(std::uint64_t line, std::uint32_t segment, common::Fd log, std::uint64_t offset);
    // Whether the next segment has to be asked for: this one is at its end, or the next bytes are not
    // a record but half of one, or damage. To be asked once for each wake.
    bool needs_segment() const { return caught_up_ && !holds_ && !asked_ && (at_segment_end_ || has_tail()); }
    void note_asked() { asked_ = true; }
    bool is_at_segment_end() const { return at_segment_end_; }
    // The client's own lines with this serial or a later one are not passed over yet, nor what follows them.
    void hold_own_from(std::uint32_t serial) { held_from_ = serial; }
    // Of what is earlier than the joining, chat(1) is told which lines may be its own.
    void tell_own() { tells_own_ = true; }
    bool tells_own() const { return tells_own_; }
    bool has_passed_joining() const { return next_line_ > start_.joined; }
    // For a client that wants no earlier lines.
    void hide_earlier() { hides_earlier_ = true; }
    // For one that may want to be shown what it says itself.
    void show_own() { shows_own_ = true; }
    bool is_own(const Record& record) const;

private:
    bool is_for_client(const Record& record) const;
    void open(std::uint32_t segment, common::Fd log, std::uint64_t offset);

    Start start_;
    std::string name_;
    LogReader log_;
    std::uint64_t next_line_ = 0; // expected in the log; 0: none yet
    Record held_;                 // read, but something comes first: that lines before it are gone, say
    bool holds_ = false;
    std::uint64_t heard_before_ = 0; // the line before which the hub was heard last
    bool caught_up_ = false;
    bool at_segment_end_ = false;
    bool asked_ = false; // for the next segment
    bool hides_earlier_ = false;
    bool tells_own_ = false;
    bool shows_own_ = false;
    std::uint32_t held_from_ = 0; // 0: none
};

} // namespace chatd
