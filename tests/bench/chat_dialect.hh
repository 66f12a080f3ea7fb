// SPDX-License-Identifier: ISC
// What a client sends to the chat servers that are measured: the same words in each one's manner.
#pragma once

#include <string>
#include <string_view>

namespace bench {

struct ChatDialect {
    // What enters the room, and what the server's answer to it has when the client is in.
    std::string (*enter)(std::string_view name, std::string_view room);
    std::string_view entered;
    // A line that says text there.
    std::string (*say)(std::string_view text, std::string_view room);
    // False: under load it cuts lines of several speakers into each other, so that their ends can be counted
    // and nothing more.
    bool keeps_lines_whole = true;
    // Clients that may come at the same time: those beyond listen(2)'s backlog would wait for seconds.
    unsigned at_the_door = 50;
};

extern const ChatDialect chatd_lines; // the dialect of a person with nc
extern const ChatDialect irc;         // a channel of ngircd, or of chatd where it speaks IRC
extern const ChatDialect ncat_lines;  // ncat --chat has one room and no names
extern const ChatDialect floor_lines; // bench-floor's

} // namespace bench
