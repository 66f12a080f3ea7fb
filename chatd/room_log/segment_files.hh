// SPDX-License-Identifier: ISC
// The files of one room's log, its segments, in the room's own folder: where each is, how it is made, and
// what is appended to it. Run by the hub, the only writer.
#pragma once

#include "common/fd.hh"
#include "common/log.hh"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct LogSegment {
    using Time = std::chrono::system_clock::time_point;

    std::uint32_t number = 0;
    std::uint64_t first_line = 0; // 0: it has no record
    std::uint64_t size = 0;       // bytes of whole records
    Time last_write = std::chrono::system_clock::now();
    bool is_torn = false;  // half a record stands behind its size, and could not be cut off
    common::Fd readable{}; // of a segment without a name
};

class SegmentFiles {
public:
    // Opens the folder, or makes it. have_names: false, files lose their names when they are made, and are
    // gone with those who have them open. Throws std::system_error, as all of these do.
    SegmentFiles(std::string folder, bool have_names, common::Log& log);

    bool have_names() const { return have_names_; }
    std::string path_of(std::uint32_t number) const;
    bool exists(std::uint32_t number) const;
    // Of all that have names, the numbers in their order.
    std::vector<std::uint32_t> numbers() const;
    LogSegment look_at(std::uint32_t number) const; // one that has a name

    struct Created {
        common::Fd writable;
        LogSegment segment;
    };
    // With its first record; nothing is left of it when that fails.
    Created create(std::uint32_t number, std::uint64_t first_line, std::string_view first_record) const;
    common::Fd open_for_reading(const LogSegment& segment) const;
    common::Fd open_for_writing(const LogSegment& segment) const; // one that has a name
    // Records at the end of the segment: all of them, or those that the disk took whole and an exception.
    void append(int fd, LogSegment& segment, std::string_view records) const;
    // Half a record at its end, which nobody has taken for one; if it stays, the segment is torn.
    void cut_back(int fd, LogSegment& segment) const;
    void remove(const LogSegment& segment) const;

private:
    std::string folder_;
    bool have_names_;
    common::Log& log_;
};

// When the log of these segments began, in microseconds since 1970: the start of the newest says it; in one
// of an earlier version, the oldest began then, as far as it is known. 0: it cannot be read now.
std::int64_t birth_in(const SegmentFiles& files, const LogSegment& oldest, const LogSegment& newest);

} // namespace chatd
