// SPDX-License-Identifier: ISC
// What a WHO asks for, and the line of its answer for one person: as WHO always had it, or as IRCv3's WHOX
// does. Run by handlers. Pure.
#pragma once

#include "chatd/handler/irc/hub_rows.hh"
#include "chatd/handler/irc/server_line.hh"

#include <string>
#include <string_view>

namespace chatd::irc {

struct WhoQuery {
    bool only_operators = false;
    bool is_extended = false;
    std::string fields; // of WHOX: letters
    std::string token;  // that field t repeats
};
// The second parameter of WHO: o, and behind a % fields and, behind a comma, a token of three digits.
WhoQuery parse_who_query(std::string_view param);

// Where a person was found: the channel, or *, and what it is there.
struct FoundIn {
    std::string channel = "*";
    std::string flags{};
};

// o and v as @ and +, only the first unless all are wanted.
std::string marks_of(std::string_view flags, bool all);

// 352 or 354. nick: whose the answer is. all_marks: multi-prefix.
ServerLine who_line(const WhoQuery& query, std::string_view nick, const PersonRow& person,
                    const FoundIn& where, bool all_marks);

} // namespace chatd::irc
