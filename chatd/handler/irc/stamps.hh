// SPDX-License-Identifier: ISC
// When a line was said and which it is, as the tags time and msgid have it. Run by handlers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd::irc {

// Microseconds since 1970 as 2026-11-30T14:05:09.120Z, and back; no value for anything else. Thousandths may
// be missing there, or have more digits.
std::string server_time(std::int64_t microseconds);
std::optional<std::int64_t> parse_server_time(std::string_view text);
std::int64_t now_in_microseconds();

// A line of a room's log: the same after a restart, and never that of another line, also where a room of the
// same name has come after one that is gone.
struct MessageId {
    std::uint64_t birth = 0; // of the room's log
    std::uint64_t line = 0;
    unsigned part = 0; // of a line that was divided, from 0
    std::string room;
    bool operator==(const MessageId&) const = default;
};
// BIRTH-LINE-PART-ROOM: in hexadecimal digits, decimal, decimal. In a room's name what IRC cannot carry is _.
std::string shown(const MessageId& id);
std::optional<MessageId> parse_message_id(std::string_view text);

} // namespace chatd::irc
