// SPDX-License-Identifier: ISC
// Reads the records of one segment of a room's log from an offset on, as far as they are whole. Run by
// handlers, which follow a log while it grows, and by the hub for recovery and for `history'. Believes
// nothing that its checksum does not prove.
#pragma once

#include "chatd/protocol.hh"
#include "common/fd.hh"

#include <cstdint>
#include <memory>

namespace chatd {

class LogReader {
public:
    enum class Result {
        record,
        not_yet, // the end so far: what is there is no whole record, or is being written just now
    };

    LogReader() = default;
    LogReader(common::Fd segment, std::uint64_t offset) : segment_(std::move(segment)), offset_(offset) {}

    // The next record. After not_yet there is none until look_again: then the same place is read once more.
    Result next(Record& record);
    void look_again() { at_end_ = false; }
    // Where the next record starts.
    std::uint64_t offset() const { return offset_; }
    // After not_yet: whether bytes stand there all the same.
    bool has_tail() const { return used_ < filled_; }
    // The highest line of the valid records anywhere after the offset, 0 if there is none. If there is one,
    // what stands at the offset is damage, not a tail.
    std::uint64_t last_line_behind() const;
    // Looks once more: true if a whole record stands at the place now. The next one is then that.
    bool find_record();
    explicit operator bool() const { return static_cast<bool>(segment_); }

private:
    bool parse(Record& record);
    void refill();

    common::Fd segment_;
    std::uint64_t offset_ = 0;
    // What was read of the segment: from used_ to filled_ not yet taken. It grows for who is behind.
    std::unique_ptr<char[]> buffer_;
    std::size_t size_ = 0;
    std::size_t used_ = 0;
    std::size_t filled_ = 0;
    bool at_end_ = false; // all that was read is taken, and it was less than there was room for
};

} // namespace chatd
