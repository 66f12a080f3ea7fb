// SPDX-License-Identifier: ISC
// What hub, spawner and handlers say to each other, and what stands in a room's log: every frame and record
// of chatd, declared once, as packed structs. chatd-protocol(7) and room-log(5) show it in this order,
// and a test holds them to it. A frame is one packet: its number, in a request its serial, its fields, then
// text to the packet's end.
#pragma once

#include "common/errors.hh"
#include "common/pack/pack.hh"

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

namespace chatd {

// A process speaks its own version and the one before, and so with one of the next version, too, as long as
// that is so kind: after an upgrade processes of two versions work together.
inline constexpr std::uint16_t protocol_version = 10, oldest_protocol = protocol_version - 1;
constexpr bool speaks_with(std::uint16_t version) {
    return version >= oldest_protocol && version <= protocol_version + 1;
}
// The first version whose handlers speak IRC.
inline constexpr std::uint16_t first_with_irc = 10;
// The first whose handlers show records of the kind `noticed': those before pass over them.
inline constexpr std::uint16_t first_with_notices = 10;
// The first whose hubs take words with `leave'.
inline constexpr std::uint16_t first_with_words_of_leaving = 10;

// The name (argv[0]) under which chatd is the spawner, and the descriptor of its pair with the hub.
inline constexpr std::string_view spawner_name = "chatd-spawner";
inline constexpr int spawner_fd = 3;
// How long none of the handlers ends, at the end of the spawner, before it kills those that are left.
inline constexpr std::chrono::seconds handlers_time{5};

// Caps, in bytes. What is longer is refused, never cut.
inline constexpr std::size_t max_text = 2000;  // of one line of speech
inline constexpr std::size_t max_batch = 8192; // of lines of speech that are sent together, and so of a paste
inline constexpr std::size_t max_name = 128;   // of a name: 32 columns of 4 bytes
inline constexpr std::size_t max_code = 128;   // of a room's code
inline constexpr std::size_t max_room_name = 64; // of a room's name
inline constexpr std::size_t max_topic = 400;    // of a room's topic
inline constexpr std::size_t max_token = 32;     // of a token, in hexadecimal digits
inline constexpr std::size_t max_formers = 16;   // clients that one was before it resumed
inline constexpr std::size_t max_ignored = 32;   // people that one client does not want to see
inline constexpr std::size_t max_place = 192;    // of a place: 16 rooms of 12 bytes
inline constexpr std::size_t max_present = 10;   // names of those who are there, told to who enters
inline constexpr std::size_t max_listing = 8192; // of one piece of a list
inline constexpr std::size_t max_frame = max_listing + 64;

inline constexpr std::size_t max_paste_lines = 200; // of one paste
inline constexpr std::size_t max_rooms = 16;        // that one client can be in: each costs it a descriptor
inline constexpr unsigned max_untaken = 32;         // private messages that wait for one slow client
inline constexpr unsigned max_tries = 3;            // wrong codes, and wrong tokens, of one connection

// Of a client that resumes, how much it counts what it sends: chat(1) does, and, where its handler can tell
// it so, takes its place again also where nobody knows how many of its bytes were dealt with.
inline constexpr std::uint8_t counts_nothing = 0, counts = 1, counts_or_looks = 2;
inline constexpr std::uint64_t unknown_count = UINT64_MAX; // of bytes

// What a handler's client is spoken to in: lines that people type, or IRC, where names may have passwords or
// none has one (front_names).
enum class Front : std::uint8_t { typed = 0, irc = 1, irc_with_accounts = 2 };
inline constexpr std::array<std::string_view, 3> front_names{"", "irc", "irc sasl"};
inline constexpr std::size_t max_front = 8; // bytes of one of those

// The one packet that is not a frame: the hub wakes a handler that sleeps. Several mean the same as one.
inline constexpr std::string_view wake = "!";

// How words are meant that are told to one client alone.
enum class Telling : std::uint8_t {
    said = 0,
    acted = 1,   // /me
    noticed = 2, // by a program, say: nobody's program answers them
    invited = 3, // the words are the name of a room, in which the client that tells them is
};

// What a client says of itself with `describe': that it is a program, and what it wants to be told.
inline constexpr std::uint8_t says_program = 1, wishes_presence = 2, wishes_real_names = 4,
                              wishes_invitations = 8;
// What somebody in the same room has done, of which no room's log tells.
enum class Deed : std::uint8_t {
    went_away = 1, // the words: why
    came_back = 2,
    named = 3,   // the words are its real name
    invited = 4, // the words are the room's name
};

// Why something was refused; the handler chooses the words.
enum class Refusal : std::uint8_t {
    name_taken = 1,
    name_empty = 2,
    name_too_long = 3,
    name_unprintable = 4,
    name_reserved = 5,
    name_banned = 6,
    name_mixed = 7, // of scripts
    name_alike = 8, // to one that somebody has
    wrong_code = 10,
    room_full = 11,
    room_banned = 12,
    already_inside = 13,
    too_many_rooms = 14,
    no_such_room = 15,
    help_wanted = 16,
    no_more_rooms = 17, // can be made now
    text_too_long = 20,
    disk_full = 22,
    moderated = 23,
    muted = 24,
    not_recorded = 25, // it is done, but the room's log does not say so
    not_done = 26,     // since the disk is full
    partly_sent = 27,  // the first of the lines are in the log
    not_now = 30,      // out of order
    nobody = 40,       // has that name
    behind = 41,       // is the one it was told to
    too_many_ignored = 42,
    not_operator = 50,
    bad_duration = 51,
    not_banned = 52,
    bad_network = 53,
    no_address = 54,     // is known of that person
    hits_oneself = 55,   // unless the word `myself' says that it is meant
    too_many_bans = 56,  // by operators, in this room
    too_many_marks = 57, // mutes or voices, in this room
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
    login_timeout = 8,
    not_listening = 9, // any more, where it came in
    rooms_closed = 10, // all that it was in
};

// By what a frame is held back.
enum class SlowedBy : std::uint8_t {
    own_lines = 0,     // its client said too much
    address_lines = 1, // all from its address did
    wrong_codes = 2,   // that came from its address
};
inline constexpr std::size_t slowed_by_count = 3;

// Every frame: its number, name and type, its fields, the cap of its text, and what fields and text are.
// Numbers are grouped by direction. What is declared here is Message, the types, and the table that a test
// compares with chatd-protocol(7).
// clang-format off
#define CHATD_FRAMES(frame) \
/* from a handler to the hub, one at a time: each is answered by accepted, refused, entered, segment, \
   listing or resumed, but for took, counted, seen and here */ \
frame(  1, name,         NameFrame,      "=",        max_name)                /* the name asked for */ \
frame(  2, enter,        EnterFrame,     "=B",       max_room_name + max_code) /* bytes of the room's name; name, code */ \
frame(  3, say,          SayFrame,       "=IBB",     max_batch)               /* room, Kind, whether one paste; lines, each but the last with LF behind it */ \
frame(  4, next_segment, NextFrame,      "=II",      0)                       /* room, segment that has been read */ \
frame(  5, who,          WhoFrame,       "=I",       max_room_name)           /* entries to skip; the room's name */ \
frame(  6, rooms,        RoomsFrame,     "=I",       0)                       /* entries to skip */ \
frame(  7, leave,        LeaveFrame,     "=I",       max_topic)               /* room; last words there, or nothing */ \
frame(  8, find,         FindFrame,      "=IQ",      0)                       /* room, line */ \
frame(  9, tell,         TellFrame,      "=QB",      max_name + max_text)     /* client, or 0 and bytes of a name; name, words */ \
frame( 10, nick,         NickFrame,      "=",        max_name)                /* the name asked for */ \
frame( 11, topic,        TopicFrame,     "=I",       max_topic)               /* room; the topic */ \
frame( 12, away,         AwayFrame,      "=B",       max_topic)               /* whether away; why */ \
frame( 13, act,          ActFrame,       "=IB",      max_topic)               /* room, Kind; its arguments */ \
frame( 14, bans,         BansFrame,      "=I",       0)                       /* entries to skip */ \
frame( 15, quit,         QuitFrame,      "=",        max_topic)               /* last words */ \
frame( 16, resume,       ResumeFrame,    "=QBB",     max_token + max_place)   /* last line seen, or 0; counts_nothing, counts or counts_or_looks; bytes of the token; token, place */ \
frame( 17, took,         TookFrame,      "=I",       0)                       /* private messages that were shown */ \
frame( 18, login,        LoginFrame,     "=",        max_code)                /* the password for the name that was asked for */ \
frame( 19, oper,         OperFrame,      "=B",       max_name + max_code)     /* bytes of the operator's name; name, password */ \
frame( 20, counted,      CountedFrame,   "=Q",       0)                       /* bytes that the client has sent up to the end of what the next frame is about */ \
frame( 21, seen,         SeenFrame,      "=",        max_place)               /* how far an earlier connection was shown the rooms: its place */ \
frame( 22, ignore,       IgnoreFrame,    "=",        max_name)                /* the name of who is to be ignored, or no longer */ \
frame( 23, here,         HereFrame,      "=IIQI",    0)                       /* hub, as again has it; room that the client was in last, or 0; bytes that were dealt with; serial of the request that is unanswered and follows, or 0 */ \
frame( 24, authenticate, AuthenticateFrame, "=B",    max_name + max_code)     /* bytes of the account's name; name, password */ \
frame( 25, describe,     DescribeFrame,  "=B",       max_topic)               /* the sum of says_program and what it wishes to be told; its real name */ \
frame( 26, people,       PeopleFrame,    "=IB",      max_name)                /* entries to skip; 0 who is in a room, 1 somebody; the room's name, or that one's */ \
frame( 27, state,        StateFrame,     "=",        max_room_name)           /* the room's name, or nothing */ \
frame( 28, tell_as,      TellAsFrame,    "=BQB",     max_name + max_text)     /* Telling, and as tell has it */ \
/* from the hub to a handler; with entered and segment comes a log, open for reading; with relay the pair with its \
   client's relay */ \
frame(100, accepted,     AcceptedFrame,  "=",        max_name + 1 + max_topic) /* what there is to say of it */ \
frame(101, refused,      RefusedFrame,   "=B",       0)                       /* Refusal */ \
frame(102, entered,      EnteredFrame,   "=IQQQIQI", max_room_name + 1 + max_topic + max_present * (1 + max_name)) /* room, client, line of its joining, first line missed, segment, offset, others in it; name, LF, topic, and LF and a name for the first of them */ \
frame(103, segment,      SegmentFrame,   "=IIQQ",    0)                       /* room, segment, offset, the room's next line */ \
frame(104, listing,      ListingFrame,   "=I",       max_listing)             /* entries to skip next time, 0 at the end; lines */ \
frame(105, dismissed,    DismissedFrame, "=B",       max_text)                /* Farewell; words that somebody gave */ \
frame(106, told,         ToldFrame,      "=QIB",     max_name + max_text)     /* client that it is from, serial of its request, bytes of its name; name, words */ \
frame(107, token,        TokenFrame,     "=",        max_token)               /* what to resume with */ \
frame(108, slowed,       SlowedFrame,    "=IIB",     0)                       /* lines, seconds: what is allowed; SlowedBy */ \
frame(109, resumed,      ResumedFrame,   "=IQB",     max_name + 8 * max_formers) /* how many `entered' follow, bytes that were dealt with, or unknown_count, bytes of the name; name, clients that it was before */ \
frame(110, known_as,     KnownAsFrame,   "=QB",      max_name + 8 * max_formers) /* a person who is ignored, bytes of the name; name, clients that it is or was */ \
frame(111, again,        AgainFrame,     "=HI",      0)                       /* a hub that follows another: version; number of this hub */ \
frame(112, closed,       ClosedFrame,    "=I",       0)                       /* room, which its client was in */ \
frame(113, relay,        RelayFrame,     "=",        0)                       /* its client is under TLS */ \
frame(114, told_as,      ToldAsFrame,    "=BQIB",    max_name + max_text)     /* Telling, and as told has it */ \
frame(115, told_of,      ToldOfFrame,    "=BBB",     2 * max_name + max_topic) /* Deed, bytes of the name, and of the name of who was invited; name, that one, words */ \
/* from the hub to the spawner; with configure come the status pages, with spawn the client's socket and the \
   handler's end of its pair */ \
frame(200, configure,    ConfigureFrame, "=HBIBIIBI", max_name)               /* version, backend, idle-timeout (s), whether to drop to uid, gid, language, lines in one say or 0; their name */ \
frame(201, spawn,        SpawnFrame,     "=QI",      max_front)               /* client, its status page; what its client speaks: nothing, irc, or irc sasl where names may have passwords */ \
frame(202, kill,         KillFrame,      "=QB",      0)                       /* client, signal */ \
frame(203, list,         ListFrame,      "=",        0)                       /* which handlers are there */ \
frame(204, let_go,       LetGoFrame,     "=",        0)                       /* end at once: another takes your place, and your handlers stay */ \
/* from the spawner to the hub */ \
frame(300, spawned,      SpawnedFrame,   "=Qq",      0)                       /* client, pid; -1: fork failed */ \
frame(301, ended,        EndedFrame,     "=Qi",      0)                       /* client, status of waitpid(2) */ \
frame(302, ready,        ReadyFrame,     "=H",       0)                       /* version */ \
frame(303, handlers,     HandlersFrame,  "=B",       max_listing)             /* whether more follow; handlers */
// clang-format on

#define CHATD_FRAME_NUMBER(value, name, type, fields, cap) name = value,
enum class Message : std::uint16_t { CHATD_FRAMES(CHATD_FRAME_NUMBER) };
#undef CHATD_FRAME_NUMBER

// Whether a frame asks the hub something: then it is answered, and has a serial, which its handler counts up
// from 1 and never gives to another one.
constexpr bool is_request(Message message) {
    using enum Message;
    const bool is_from_handler = static_cast<std::uint16_t>(message) < static_cast<std::uint16_t>(accepted);
    return is_from_handler && message != took && message != counted && message != seen && message != here;
}

using FrameNumber = pack::Struct<"=H">;
inline constexpr pack::Format frame_serial_layout{"=I"};
using FrameSerial = pack::Struct<frame_serial_layout>;

template <Message message, pack::Format format, std::size_t cap>
struct Frame {
    using Fields = pack::Struct<format>;
    static constexpr Message number = message;
    static constexpr std::string_view layout = format.view();
    static constexpr std::size_t max_text = cap;
    static constexpr std::size_t fields_at =
        FrameNumber::size + (is_request(message) ? FrameSerial::size : 0);
    static constexpr std::size_t head = fields_at + Fields::size;

    // A request has no serial yet: set_serial.
    template <class... Values>
    static std::string make(std::string_view text, const Values&... values) {
        std::string packet(head, '\0');
        FrameNumber::pack_into(packet, 0, static_cast<std::uint16_t>(number));
        Fields::pack_into(packet, fields_at, values...);
        return packet.append(text);
    }

    // Throws common::PeerError when the packet has a wrong length for its kind.
    static std::pair<typename Fields::Tuple, std::string> read(std::span<const char> packet) {
        if (packet.size() < head || packet.size() > head + cap)
            throw common::PeerError("a frame has a wrong length for its kind");
        const std::span<const char> text = packet.subspan(head);
        return {Fields::unpack_from(packet, fields_at), std::string{text.begin(), text.end()}};
    }
};

#define CHATD_FRAME_TYPE(value, name, type, fields, cap) using type = Frame<Message::name, fields, cap>;
CHATD_FRAMES(CHATD_FRAME_TYPE)
#undef CHATD_FRAME_TYPE

// For the test.
struct FrameRow {
    std::string_view name;
    Message number;
    std::string_view layout;
    std::size_t max_text;
};
#define CHATD_FRAME_ROW(value, name, type, fields, cap)                                                      \
    FrameRow{#name, type::number, type::layout, type::max_text},
inline constexpr std::array frame_table{CHATD_FRAMES(CHATD_FRAME_ROW)};
#undef CHATD_FRAME_ROW
#undef CHATD_FRAMES

// A client that one was before, for ResumedFrame.
using Former = pack::Struct<"=Q">;
// How far a client has been shown the rooms, for ResumeFrame and SeenFrame: of each, its number and the first
// line not shown.
using PlaceRoom = pack::Struct<"!IQ">;
static_assert(max_place == max_rooms * PlaceRoom::size);

// A handler that is there, for HandlersFrame: its client and its process.
using HandlerRow = pack::Struct<"=Qq">;

// Whether a packet is what a handler wrote on its standard error, which is its end of the pair: no frame's
// number has text in its bytes.
bool is_error_text(std::span<const char> packet);

// The kind of any packet that is not wake. Throws common::PeerError when it is too short to have one.
Message message_of(std::span<const char> packet);

// Of a request. Throws common::PeerError when the packet is too short to have one.
std::uint32_t serial_of(std::span<const char> packet);
// How many serials, from that one on, the request uses up: for `say', one for each line; for others 1.
std::uint32_t serials_of(std::span<const char> packet);
// Into a request that a frame's make has made.
void set_serial(std::string& packet, std::uint32_t serial);

// A record of a room's log: the checksum (of cksum(1), over all that follows it), the bytes of the whole
// record, the line's number in the room, the time in microseconds since 1970, the client that it is from (0:
// none), kind, bytes of the name, bytes of the text; then, if the kind has the bit
// has_serial, the serial; then name and text.
inline constexpr pack::Format record_layout{"<IIQqQBBH"};
using RecordHead = pack::Struct<record_layout>;
inline constexpr pack::Format serial_layout{"<I"};
using RecordSerial = pack::Struct<serial_layout>;
inline constexpr std::uint8_t has_serial = 0x80;
inline constexpr std::size_t max_record = RecordHead::size + RecordSerial::size + 255 + max_text;

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
    noticed = 18,   // said, by a program say: nobody's program answers it
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
    std::uint32_t serial = 0; // of the speaker's request that this line is from, 0: none
};

// Throws std::logic_error if name or text is longer than its cap.
std::string pack_record(const Record& record);
// Puts the record that stands whole at the start of bytes, as its checksum proves, into record; its size
// there, or 0, and record untouched, if there is none.
std::size_t unpack_record(std::string_view bytes, Record& record);
// The same size, when the record is not wanted.
std::size_t valid_record(std::string_view bytes);

} // namespace chatd
