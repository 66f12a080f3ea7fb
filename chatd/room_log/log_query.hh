// SPDX-License-Identifier: ISC
// A question about a room's log: the lines from one to another, all of them or those that hold some words.
// Reads segments as they are given to it. Run by handlers for /history, /since and /search, and by the hub
// for `history' of chatctl.
#pragma once

#include "chatd/protocol.hh"
#include "chatd/room_log/log_reader.hh"
#include "common/fd.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatd {

class LogQuery {
public:
    struct Wanted {
        std::uint64_t from = 0;         // the first line
        std::uint64_t until = 0;        // the line after the last one
        std::vector<std::string> words; // folded; a line has to hold all of them, in name or text
    };
    explicit LogQuery(Wanted wanted) : wanted_(std::move(wanted)), expected_(wanted_.from) {}

    enum class Result { line, segment_end, nothing };
    // The next line that is wanted. segment_end: the next segment is to be opened, if there is one. nothing:
    // no more of them is there, or, after max_records, is there so far: has_ended tells.
    Result next(Record& record, std::size_t max_records);
    bool has_ended() const { return ended_; }
    // The first segment, and each next one; no other while there is more to be read than there was just now.
    void open(std::uint32_t segment, common::Fd log, std::uint64_t offset);
    std::uint32_t segment() const { return segment_; }
    // Lines that should have come before what the last next gave, and are no longer in the log: they were
    // removed, or are damaged. No value: none, or told already.
    struct Gap {
        std::uint64_t first = 0, last = 0;
    };
    std::optional<Gap> take_gap() { return std::exchange(gap_, {}); }

private:
    bool matches(const Record& record);
    void count(const Record& record);

    Wanted wanted_;
    LogReader log_;
    std::uint32_t segment_ = 0;
    std::string line_; // that is looked at: kept for the next one
    bool ended_ = false;
    std::uint64_t expected_; // the first wanted line that has not come yet
    std::optional<Gap> gap_{};
};

// The words of a search, folded; none if there are none.
std::vector<std::string> search_words(std::string_view given);

} // namespace chatd
