// SPDX-License-Identifier: ISC
#include "chatd/room_log/log_place.hh"

#include "chatd/protocol.hh"
#include "common/errors.hh"
#include "common/pack/pack.hh"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

using common::PeerError;

namespace chatd {
namespace {

// Whether there are older segments; segment and offset to read from; next line; bytes of the topic; number of
// segments. Then the topic, and of each segment its number, first line, size, and the time of its last write.
using PlaceHead = pack::Struct<"=?IQQHH">;
using PlaceSegment = pack::Struct<"=IQQq">;
static_assert(PlaceHead::size + max_text + LogPlace::max_segments * PlaceSegment::size <= max_packed_place);

std::int64_t microseconds(std::chrono::system_clock::time_point when) {
    return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
}

std::chrono::system_clock::time_point time_at(std::int64_t microseconds) {
    constexpr std::int64_t last = INT64_MAX / 1000; // that the clock counts in nanoseconds
    return std::chrono::system_clock::time_point{
        std::chrono::microseconds{std::clamp<std::int64_t>(microseconds, 0, last)}};
}

template <std::size_t size>
void append(std::string& out, const std::array<char, size>& bytes) {
    out.append(bytes.data(), bytes.size());
}

} // namespace

std::string pack_log_place(const LogPlace& place) {
    const std::size_t count = std::min(place.segments.size(), LogPlace::max_segments);
    const auto newest = std::span{place.segments}.last(count);
    const Position from =
        place.from.segment < newest.front().number ? Position{newest.front().number, 0} : place.from;
    std::string packed;
    append(packed,
           PlaceHead::pack(place.has_older || count < place.segments.size(), from.segment, from.offset,
                           place.next_line, static_cast<std::uint16_t>(place.topic.words.size()),
                           static_cast<std::uint16_t>(count)));
    packed += place.topic.words;
    for (const LogPlace::Segment& segment : newest)
        append(packed, PlaceSegment::pack(segment.number, segment.first_line, segment.size,
                                          microseconds(segment.last_write)));
    return packed;
}

LogPlace unpack_log_place(std::span<const char> bytes) {
    if (bytes.size() < PlaceHead::size || bytes.size() > max_packed_place)
        throw PeerError("a place in a log has a wrong length");
    LogPlace place;
    std::uint16_t topic_size = 0, count = 0;
    std::tie(place.has_older, place.from.segment, place.from.offset, place.next_line, topic_size, count) =
        PlaceHead::unpack_from(bytes);
    const auto rest = bytes.subspan(PlaceHead::size);
    if (topic_size > max_text || count == 0 || count > LogPlace::max_segments ||
        rest.size() != topic_size + count * PlaceSegment::size)
        throw PeerError("a place in a log whose parts do not fit");
    place.topic.words.assign(rest.data(), topic_size);
    for (const auto& [number, first_line, size, last_write] :
         PlaceSegment::iter_unpack(rest.subspan(topic_size))) {
        if (number == 0 || (!place.segments.empty() && number <= place.segments.back().number))
            throw PeerError("a place in a log whose segments are not in order");
        place.segments.push_back({number, first_line, size, time_at(last_write)});
    }
    if (place.from.segment < place.segments.front().number ||
        place.from.segment > place.segments.back().number)
        throw PeerError("a place in a log that is in none of its segments");
    return place;
}

} // namespace chatd
