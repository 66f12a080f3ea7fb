// SPDX-License-Identifier: ISC
// What chat(1) and a handler tell each other in subnegotiations of the telnet option `chat', so that a
// connection that breaks can be taken up where it was: chatd-protocol(7) lists it. Run by
// handlers and by chat, neither of which trusts the other. Works on bytes.
#pragma once

#include "chatd/protocol.hh"
#include "common/pack/pack.hh"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

enum class SessionMessage : char {
    // handler to chat
    asks = 'A',  // what is asked: an Asked; when nothing is, the client's name after it
    token = 'T', // what to resume with; it is not shown
    dealt = 'D', // how many bytes were dealt with, and of the lines, how many were refused: Dealt
    line =
        'L', // as many bytes as were received make the line that is typed now, but other keys make it, too:
             // Count, and those keys
    place = 'P', // how far the rooms have been shown by all that came before: to be sent back as it is; what
                 // comes after is not to be shown before the next one has come
    over = 'E',  // the end, which follows, is meant: an End
    mark =
        'M', // how many bytes were dealt with, and what tells the lines of all later bytes in the logs: Mark
    own = 'O',  // whether lines are looked for that came from an earlier connection: before the client is
                // inside, if they are, and when that is done: Flag
    said = 'S', // such a line, which is perhaps the client's: SaidHead, and as much of its words as said_head
    // chat to handler
    hello = 'H', // the first and only one: a Hello
};

enum class Asked : char { name = 'n', password = 'p', code = 'c', nothing = 'i' };
enum class End : char { for_good = 'o', come_again = 'a' };

inline constexpr pack::Format hello_layout{"!?BB"};
inline constexpr pack::Format dealt_layout{"!QQ"};
inline constexpr pack::Format count_layout{"!Q"};
inline constexpr pack::Format mark_layout{"!QQI"};
inline constexpr pack::Format flag_layout{"!?"};
inline constexpr pack::Format said_layout{"!QII"};
using HelloHead = pack::Struct<hello_layout>; // whether it is for a pipe, bytes of the language, of the token
using Dealt = pack::Struct<dealt_layout>;
using Count = pack::Struct<count_layout>;
using Flag = pack::Struct<flag_layout>;
using MarkFields = pack::Struct<mark_layout>;
using SaidHead = pack::Struct<said_layout>; // speaker's number, serial, bytes of its words

inline constexpr std::size_t said_head = 512; // bytes

// For the test that compares them with chatd-protocol(7).
struct SessionRow {
    SessionMessage message;
    std::string_view name;
    std::string_view layout;
};
inline constexpr std::array session_table{
    SessionRow{SessionMessage::hello, "hello", hello_layout.view()},
    SessionRow{SessionMessage::asks, "asks", "c"},
    SessionRow{SessionMessage::token, "token", ""},
    SessionRow{SessionMessage::dealt, "dealt", dealt_layout.view()},
    SessionRow{SessionMessage::line, "line", count_layout.view()},
    SessionRow{SessionMessage::place, "place", ""},
    SessionRow{SessionMessage::over, "over", "c"},
    SessionRow{SessionMessage::mark, "mark", mark_layout.view()},
    SessionRow{SessionMessage::own, "own", flag_layout.view()},
    SessionRow{SessionMessage::said, "said", said_layout.view()},
};

// Whole, with IAC SB before and IAC SE after.
std::string encode(SessionMessage message, std::string_view body = {});
std::string encode_dealt(std::uint64_t bytes, std::uint64_t refused);
std::string encode_line(std::uint64_t bytes, std::string_view keys);

// Of what was sent, so many bytes were dealt with; lines of what comes after stand in the logs under this
// number, and with a serial that is greater.
struct Mark {
    std::uint64_t bytes = 0, client = 0; // client 0: nothing is known
    std::uint32_t serial = 0;
};
std::string encode_mark(const Mark& mark);
std::string encode_own(bool are_looked_for);

// A line as it stands in a log.
struct SaidLine {
    std::uint64_t client = 0;
    std::uint32_t serial = 0;
    std::uint32_t size = 0;  // bytes of its words,
    std::string_view head{}; // of which there are as many as said_head
    bool has(std::string_view words) const {
        return words.size() == size && words.substr(0, said_head) == head;
    }
};
std::string encode_said(std::uint64_t client, std::uint32_t serial, std::string_view words);
std::optional<SaidLine> read_said(std::string_view body); // no value when it is malformed

struct SessionText {
    SessionMessage message{};
    std::string_view body{};
};
// Of the bytes of a subnegotiation; no value for an empty one.
std::optional<SessionText> read_session(std::string_view bytes);

// Whether it is for a pipe, a language, and, to resume, a token and a place; the last three may be empty. The
// place is a row of PlaceRoom.
struct Hello {
    bool is_plain = false;
    std::string_view language{}, token{}, place{};
};
std::string encode_hello(const Hello& hello);
// Of the body; no value when it is malformed, or longer than a hub takes.
std::optional<Hello> read_hello(std::string_view body);

} // namespace chatd
