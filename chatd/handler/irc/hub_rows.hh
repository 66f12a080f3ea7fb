// SPDX-License-Identifier: ISC
// Rows of the lists that the hub answers with, taken apart: a person, the state of a room, a room and a ban
// among others, as chatd-protocol(7) has them. Run by handlers, which trust the hub. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

struct PersonRow {
    std::string name;
    std::string
        flags; // o operator of the room, v voice, m muted, O operator of the server, a away, b program
    std::string account;         // empty: none
    std::uint64_t connected = 0; // seconds ago
    std::uint64_t spoke = 0;     // seconds ago
    struct In {
        std::string flags, room;
    };
    std::vector<In> rooms; // those that may be known
    std::string tls;       // empty: none
    std::string address;   // empty: not for this client
    std::string real_name;
    std::string away; // why
    bool has(char flag) const { return flags.find(flag) != flags.npos; }
    // What it is in the room; nullptr: it is not in it, or that may not be known.
    const In* find_in(std::string_view room) const;
};
PersonRow parse_person(std::string_view row);

struct RoomRow {
    std::string name;
    std::string
        flags; // c code, m moderated, h hidden, i the client is in it, n made by a client, k kept history
    std::uint64_t members = 0;
    std::uint64_t limit = 0;      // 0: none
    std::uint64_t birth = 0;      // of its log: microseconds since 1970
    std::string topic_by;         // empty: the administrator
    std::uint64_t topic_time = 0; // microseconds since 1970; 0: not known
    std::string topic;            // empty: none
    bool has(char flag) const { return flags.find(flag) != flags.npos; }
};
RoomRow parse_room(std::string_view row);

struct ListedRoom {
    std::string name;
    std::uint64_t members = 0;
    std::string topic; // empty: none, or not for this client
};
ListedRoom parse_listed_room(std::string_view row);

struct ListedBan {
    std::string whom; // a name or a network
    std::string room;
};
ListedBan parse_listed_ban(std::string_view row);

// 10.0.0.7:40000 is 10.0.0.7, [::1]:40000 is ::1; empty for what is no address of a network.
std::string without_port(std::string_view address);

} // namespace chatd::irc
