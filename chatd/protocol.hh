// SPDX-License-Identifier: ISC
// What hub, spawner and handlers say to each other, and what stands in a room's log: every frame and record
// of chatd in one table, declared as packed structs. chatd-protocol(7) and room-log(5) show it in this order,
// and a test holds them to it. A frame is one packet: its number, its fields, then text to the packet's end.
#pragma once

#include "common/errors.hh"
#include "common/pack/pack.hh"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

namespace chatd {

inline constexpr std::uint16_t protocol_version = 4;

// The name (argv[0]) under which chatd is the spawner, and the descriptor of its pair with the hub.
inline constexpr std::string_view spawner_name = "chatd-spawner";
inline constexpr int spawner_fd = 3;

// Caps, in bytes. What is longer is refused, never cut.
inline constexpr std::size_t max_text = 2000;  // of one line of speech
inline constexpr std::size_t max_batch = 8192; // of lines of speech that are sent together, and so of a paste
inline constexpr std::size_t max_name = 128;   // of a name: 32 columns of 4 bytes
inline constexpr std::size_t max_code = 128;   // of a room's code
inline constexpr std::size_t max_room_name = 64; // of a room's name
inline constexpr std::size_t max_topic = 400;    // of a room's topic
inline constexpr std::size_t max_token = 32;     // of a token, in hexadecimal digits
inline constexpr std::size_t max_formers = 16;   // clients that one was before it resumed
inline constexpr std::size_t max_place = 192;    // of a place: 16 rooms of 12 bytes
inline constexpr std::size_t max_present = 10;   // names of those who are there, told to who enters
inline constexpr std::size_t max_listing = 8192; // of one piece of a list
inline constexpr std::size_t max_frame = max_listing + 64;

inline constexpr std::size_t max_paste_lines = 200; // of one paste
inline constexpr std::size_t max_rooms = 16;        // that one client can be in: each costs it a descriptor
inline constexpr unsigned max_untaken = 32;         // private messages that wait for one slow client
inline constexpr unsigned max_tries = 3;            // wrong codes, and wrong tokens, of one connection

enum class Message : std::uint16_t {
    // handler to hub: one at a time, each is answered by accepted, refused, entered, segment, listing or
    // resumed
    name = 1,
    enter = 2,
    say = 3,
    next_segment = 4,
    who = 5,
    rooms = 6,
    leave = 7,
    find = 8,
    tell = 9,
    nick = 10,
    topic = 11,
    away = 12,
    act = 13,
    bans = 14,
    quit = 15,
    resume = 16,
    took = 17, // not answered
    login = 18,
    oper = 19,
    counted = 20, // not answered, either
    // hub to handler
    accepted = 100,
    refused = 101,
    entered = 102, // with the room's log, open for reading
    segment = 103, // with a segment
    listing = 104,
    dismissed = 105,
    told = 106,
    token = 107,
    slowed = 108,
    resumed = 109,
    // hub to spawner
    configure = 200, // with the shared status pages
    spawn = 201,     // with the client's socket and the handler's end of its pair
    kill = 202,
    // spawner to hub
    spawned = 300,
    ended = 301,
    ready = 302,
};

// The one packet that is no frame: the hub wakes a handler that sleeps. Several mean the same as one.
inline constexpr std::string_view wake = "!";

// Why something was refused; the handler chooses the words.
enum class Refusal : std::uint8_t {
    name_taken = 1,
    name_empty = 2,
    name_too_long = 3,
    name_unprintable = 4,
    name_reserved = 5,
    name_banned = 6,
    wrong_code = 10,
    room_full = 11,
    room_banned = 12,
    already_inside = 13,
    too_many_rooms = 14,
    no_such_room = 15,
    help_wanted = 16,
    text_too_long = 20,
    disk_full = 22,
    moderated = 23,
    muted = 24,
    not_now = 30, // out of order
    nobody = 40,  // has that name
    behind = 41,  // is the one it was told to
    not_operator = 50,
    bad_duration = 51,
    not_banned = 52,
    wrong_token = 60,
    password_needed = 61,
    wrong_password = 62,
    held_off = 63,
    has_password = 64, // the name that somebody else wants to take
};

// Why a connection is ended; the handler chooses the words, but for those that somebody gave.
enum class Farewell : std::uint8_t {
    stopping = 1,
    kicked = 2,
    banned = 3,
    log_unreadable = 4,
    resumed_elsewhere = 5,
    stopping_with_words = 6,
    too_many_tries = 7,
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
using EnterFrame =     Frame<Message::enter,        "=B",       max_room_name + max_code>; // bytes of the room's name; name, code
using SayFrame =       Frame<Message::say,          "=IBB",     max_batch>;     // room, Kind, whether one paste; lines, each but the last with LF behind it
using NextFrame =      Frame<Message::next_segment, "=II",      0>;             // room, segment that has been read
using WhoFrame =       Frame<Message::who,          "=I",       max_room_name>; // entries to skip; the room's name
using RoomsFrame =     Frame<Message::rooms,        "=I",       0>;             // entries to skip
using LeaveFrame =     Frame<Message::leave,        "=I",       0>;             // room
using FindFrame =      Frame<Message::find,         "=IQ",      0>;             // room, line
using TellFrame =      Frame<Message::tell,         "=QB",      max_name + max_text>; // client, or 0 and bytes of a name; name, words
using NickFrame =      Frame<Message::nick,         "=",        max_name>;      // the name asked for
using TopicFrame =     Frame<Message::topic,        "=I",       max_topic>;     // room; the topic
using AwayFrame =      Frame<Message::away,         "=B",       max_topic>;     // whether away; why
using ActFrame =       Frame<Message::act,          "=IB",      max_topic>;     // room, Kind; its arguments
using BansFrame =      Frame<Message::bans,         "=I",       0>;             // entries to skip
using QuitFrame =      Frame<Message::quit,         "=",        max_topic>;     // last words
using ResumeFrame =    Frame<Message::resume,       "=QBB",     max_token + max_place>; // last line seen, or 0; whether it counts; bytes of the token; token, place
using TookFrame =      Frame<Message::took,         "=I",       0>;             // private messages that were shown
using LoginFrame =     Frame<Message::login,        "=",        max_code>;      // the password for the name that was asked for
using OperFrame =      Frame<Message::oper,         "=B",       max_name + max_code>; // bytes of the operator's name; name, password
using CountedFrame =   Frame<Message::counted,      "=Q",       0>;             // bytes that the client has sent up to the end of what the next frame is about
using AcceptedFrame =  Frame<Message::accepted,     "=",        max_name + 1 + max_topic>; // what there is to say of it
using RefusedFrame =   Frame<Message::refused,      "=B",       0>;             // Refusal
using EnteredFrame =   Frame<Message::entered,      "=IQQQIQI", max_room_name + 1 + max_topic + max_present * (1 + max_name)>; // room, client, line of its joining, first line missed, segment, offset, others in it; name, LF, topic, and LF and a name for the first of them
using SegmentFrame =   Frame<Message::segment,      "=IIQQ",    0>;             // room, segment, offset, the room's next line
using ListingFrame =   Frame<Message::listing,      "=I",       max_listing>;   // entries to skip next time, 0 at the end; lines
using DismissedFrame = Frame<Message::dismissed,    "=B",       max_text>;      // Farewell; words that somebody gave
using ToldFrame =      Frame<Message::told,         "=QB",      max_name + max_text>; // client that it is from, bytes of its name; name, words
using TokenFrame =     Frame<Message::token,        "=",        max_token>;     // what to resume with
using SlowedFrame =    Frame<Message::slowed,       "=II",      0>;             // lines, seconds: what is allowed
using ResumedFrame =   Frame<Message::resumed,      "=IQB",     max_name + 8 * max_formers>; // how many `entered' follow, bytes that were dealt with, bytes of the name; name, clients that it was before
using ConfigureFrame = Frame<Message::configure,    "=HBIBIIB", max_name>;      // version, backend, idle-timeout (s), whether to drop to uid, gid, language; their name
using SpawnFrame =     Frame<Message::spawn,        "=QI",      0>;             // client, its status page
using KillFrame =      Frame<Message::kill,         "=QB",      0>;             // client, signal
using SpawnedFrame =   Frame<Message::spawned,      "=Qq",      0>;             // client, pid; -1: fork failed
using EndedFrame =     Frame<Message::ended,        "=Qi",      0>;             // client, status of waitpid(2)
using ReadyFrame =     Frame<Message::ready,        "=H",       0>;             // version
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
    row_of<NameFrame>("name"),
    row_of<EnterFrame>("enter"),
    row_of<SayFrame>("say"),
    row_of<NextFrame>("next_segment"),
    row_of<WhoFrame>("who"),
    row_of<RoomsFrame>("rooms"),
    row_of<LeaveFrame>("leave"),
    row_of<FindFrame>("find"),
    row_of<TellFrame>("tell"),
    row_of<NickFrame>("nick"),
    row_of<TopicFrame>("topic"),
    row_of<AwayFrame>("away"),
    row_of<ActFrame>("act"),
    row_of<BansFrame>("bans"),
    row_of<QuitFrame>("quit"),
    row_of<ResumeFrame>("resume"),
    row_of<TookFrame>("took"),
    row_of<LoginFrame>("login"),
    row_of<OperFrame>("oper"),
    row_of<CountedFrame>("counted"),
    row_of<AcceptedFrame>("accepted"),
    row_of<RefusedFrame>("refused"),
    row_of<EnteredFrame>("entered"),
    row_of<SegmentFrame>("segment"),
    row_of<ListingFrame>("listing"),
    row_of<DismissedFrame>("dismissed"),
    row_of<ToldFrame>("told"),
    row_of<TokenFrame>("token"),
    row_of<SlowedFrame>("slowed"),
    row_of<ResumedFrame>("resumed"),
    row_of<ConfigureFrame>("configure"),
    row_of<SpawnFrame>("spawn"),
    row_of<KillFrame>("kill"),
    row_of<SpawnedFrame>("spawned"),
    row_of<EndedFrame>("ended"),
    row_of<ReadyFrame>("ready"),
};

// A client that one was before, for ResumedFrame.
using Former = pack::Struct<"=Q">;
// How far a client has been shown the rooms, for ResumeFrame: of each, its number and the first line not
// shown.
using PlaceRoom = pack::Struct<"!IQ">;
static_assert(max_place == max_rooms * PlaceRoom::size);

// The kind of any packet that is not wake. Throws common::PeerError when it is too short to have one.
Message message_of(std::span<const char> packet);

// A record of a room's log: the checksum (of cksum(1), over all that follows it), the bytes of the whole
// record, the line's number in the room, the time in microseconds since 1970, the client that it is from (0:
// none), kind, bytes of the name, bytes of the text; then name and text.
inline constexpr pack::Format record_layout{"<IIQqQBBH"};
using RecordHead = pack::Struct<record_layout>;
inline constexpr std::size_t max_record = RecordHead::size + 255 + max_text;

enum class Kind : std::uint8_t {
    segment_start = 1, // first record of a segment; the name is the room's, the text its topic
    segment_end = 2,   // last record; more is in the next one
    joined = 10,
    left = 11, // the text is its last words
    said = 12,
    announced = 13, // by the administrator
    acted = 14,     // /me
    renamed = 15,   // the text is the new name
    topic = 16,     // the text is the new topic
    noted = 17,     // the text is a line of another program, as it is to be shown
    // What operators do. The name is who did it, empty for the administrator; the text is whom it concerns,
    // and for how long.
    kicked = 20,
    muted = 21,
    unmuted = 22,
    banned = 23,
    unbanned = 24,
    moderated = 25,
    unmoderated = 26,
    voiced = 27,
    unvoiced = 28,
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
