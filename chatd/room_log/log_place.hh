// SPDX-License-Identifier: ISC
// What a hub that follows another needs to go on with a room's log without reading all of it: which segments
// there are, and from where on they are to be read. The hub that is there leaves it with the keeper; it lies
// far enough back that all is read again that may not be answered yet. Run by the hub.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace chatd {

struct Position {
    std::uint32_t segment = 0;
    std::uint64_t offset = 0;
};

struct LogTopic {
    std::string words{};
    // Who set it, empty for the administrator, and when, in microseconds since 1970; 0: that is not known,
    // since the record is in no segment that was read.
    std::string by{};
    std::int64_t time = 0;
};

struct LogPlace {
    struct Segment {
        std::uint32_t number = 0;
        std::uint64_t first_line = 0;
        std::uint64_t size = 0; // bytes; what has come since is not in it
        std::chrono::system_clock::time_point last_write{};
    };
    // At least one, in the order of their numbers; the last one was written to.
    std::vector<Segment> segments;
    // There are older ones, which the folder shows: more than max_segments are not told.
    bool has_older = false;
    Position from;               // the record that is to be read first
    std::uint64_t next_line = 1; // after all that were there when the place was taken
    LogTopic topic;              // at that time; in a packed place only its words
    static constexpr std::size_t max_segments = 350;
};

// Bytes of any place: with room for its other fields and the longest topic.
inline constexpr std::size_t max_packed_place = 12'000;

std::string pack_log_place(const LogPlace& place);
// Throws common::PeerError when it is malformed.
LogPlace unpack_log_place(std::span<const char> bytes);

} // namespace chatd
