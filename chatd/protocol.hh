// SPDX-License-Identifier: ISC
// What hub, spawner and handlers say to each other, and what stands in a room's log: every frame and record
// of chatd in one table, declared as packed structs. chatd-protocol(7) and room-log(5) show it in this order,
// and a test holds them to it. A frame is one packet: its number, its fields, then text to the packet's end.
#pragma once

#include "common/errors.hh"
#include "common/pack.hh"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

namespace chatd {

inline constexpr std::uint16_t protocol_version = 1;

// Caps, in bytes. What is longer is refused, never cut.
inline constexpr std::size_t max_text = 2000;    // of one line of speech
inline constexpr std::size_t max_batch = 4096;   // of lines of speech that are sent together
inline constexpr std::size_t max_name = 128;     // of a name: 32 columns of 4 bytes
inline constexpr std::size_t max_code = 128;     // of a room's code
inline constexpr std::size_t max_room_name = 64; // of a room's name
inline constexpr std::size_t max_listing = 8192; // of one piece of a list
inline constexpr std::size_t max_frame = max_listing + 64;

enum class Message : std::uint16_t {
    // handler to hub: one at a time, each is answered by accepted, refused, entered, segment or listing
    name = 1,
    enter = 2,
    say = 3,
    next_segment = 4,
    who = 5,
    rooms = 6,
    // hub to handler
    accepted = 100,
    refused = 101,
    entered = 102, // with the room's log, open for reading
    segment = 103, // with the next segment
    listing = 104,
    dismissed = 105,
    // hub to spawner
    configure = 200, // with the shared status pages
    spawn = 201,     // with the client's socket and the handler's end of its pair
    kill = 202,
    // spawner to hub
    spawned = 300,
    ended = 301,
};

// The one packet that is no frame: the hub wakes a handler that sleeps. Several mean the same as one.
inline constexpr std::string_view wake = "!";

// Why a name or a code was refused; the handler chooses the words.
enum class Refusal : std::uint8_t {
    name_taken = 1,
    name_empty = 2,
    name_too_long = 3,
    name_unprintable = 4,
    name_reserved = 5,
    wrong_code = 10,
    text_too_long = 20,
    disk_full = 22,
    not_now = 30, // out of order
};

template <Message message, pack::Format format, std::size_t longest_text>
struct Frame {
    using Fields = pack::Struct<format>;
    using Number = pack::Struct<"=H">;
    static constexpr Message number = message;
    static constexpr std::string_view layout = format.view();
    static constexpr std::size_t max_text = longest_text;
    static constexpr std::size_t head = Number::size + Fields::size;

    template <class... Values>
    static std::string make(std::string_view text, const Values&... values) {
        const auto fields = Fields::pack(values...);
        const auto type = Number::pack(static_cast<std::uint16_t>(number));
        return std::string{type.data(), type.size()}.append(fields.data(), fields.size()).append(text);
    }

    // Throws common::PeerError when the packet has a wrong length for its kind.
    static std::pair<typename Fields::Tuple, std::string> read(std::span<const char> packet) {
        if (packet.size() < head || packet.size() > head + longest_text)
            throw common::PeerError("a frame has a wrong length for its kind");
        const std::span<const char> text = packet.subspan(head);
        return {Fields::unpack_from(packet, Number::size), std::string{text.begin(), text.end()}};
    }
};

// clang-format off
//                           number                 fields      text
using NameFrame =      Frame<Message::name,         "=",        max_name>;      // the name asked for
using EnterFrame =     Frame<Message::enter,        "=",        max_code>;      // the code, or an open room's name
using SayFrame =       Frame<Message::say,          "=",        max_batch>;     // lines, each but the last with LF behind it
using NextFrame =      Frame<Message::next_segment, "=II",      0>;             // room, segment that has been read
using WhoFrame =       Frame<Message::who,          "=I",       0>;             // entries to skip
using RoomsFrame =     Frame<Message::rooms,        "=I",       0>;             // entries to skip
using AcceptedFrame =  Frame<Message::accepted,     "=",        0>;
using RefusedFrame =   Frame<Message::refused,      "=B",       0>;             // Refusal
using EnteredFrame =   Frame<Message::entered,      "=IQQIQ",   max_room_name>; // room, client, line of its joining, segment, offset; the room's name
using SegmentFrame =   Frame<Message::segment,      "=II",      0>;             // room, segment
using ListingFrame =   Frame<Message::listing,      "=I",       max_listing>;   // entries to skip next time, 0 at the end; lines
using DismissedFrame = Frame<Message::dismissed,    "=",        max_text>;      // words to show before closing
using ConfigureFrame = Frame<Message::configure,    "=HBIBII",  max_name>;      // version, backend, idle-timeout (s), whether to drop to uid, gid; their name
using SpawnFrame =     Frame<Message::spawn,        "=QI",      0>;             // client, its status page
using KillFrame =      Frame<Message::kill,         "=QB",      0>;             // client, signal
using SpawnedFrame =   Frame<Message::spawned,      "=Qq",      0>;             // client, pid; -1: fork failed
using EndedFrame =     Frame<Message::ended,        "=Qi",      0>;             // client, status of waitpid(2)
// clang-format on

// The same as values, for the test that compares them with chatd-protocol(7).
struct FrameRow {
    std::string_view name;
    Message number;
    std::string_view layout;
    std::size_t max_text;
};
template <class F>
constexpr FrameRow row_of(std::string_view name) {
    return {name, F::number, F::layout, F::max_text};
}
inline constexpr std::array frame_table{
    row_of<NameFrame>("name"),           row_of<EnterFrame>("enter"),     row_of<SayFrame>("say"),
    row_of<NextFrame>("next_segment"),   row_of<WhoFrame>("who"),         row_of<RoomsFrame>("rooms"),
    row_of<AcceptedFrame>("accepted"),   row_of<RefusedFrame>("refused"), row_of<EnteredFrame>("entered"),
    row_of<SegmentFrame>("segment"),     row_of<ListingFrame>("listing"), row_of<DismissedFrame>("dismissed"),
    row_of<ConfigureFrame>("configure"), row_of<SpawnFrame>("spawn"),     row_of<KillFrame>("kill"),
    row_of<SpawnedFrame>("spawned"),     row_of<EndedFrame>("ended"),
};

// The kind of any packet that is not wake. Throws common::PeerError when it is too short to have one.
Message message_of(std::span<const char> packet);

// A record of a room's log: the checksum (of cksum(1), over all that follows it), the bytes of the whole
// record, the line's number in the room, the time in microseconds since 1970, the client that it is from (0:
// none), kind, bytes of the name, bytes of the text; then name and text.
inline constexpr pack::Format record_layout{"<IIQqQBBH"};
using RecordHead = pack::Struct<record_layout>;
inline constexpr std::size_t max_record = RecordHead::size + 255 + max_text;

enum class Kind : std::uint8_t {
    segment_start = 1, // first record of a segment; the name is the room's
    segment_end = 2,   // last record; more is in the next one
    joined = 10,
    left = 11,
    said = 12,
    announced = 13, // by the administrator
};

struct Record {
    Kind kind{};
    std::uint64_t line = 0;
    std::int64_t time = 0; // microseconds since 1970
    std::uint64_t speaker = 0;
    std::string name;
    std::string text;
};

std::string pack_record(const Record& record);

} // namespace chatd
