// SPDX-License-Identifier: ISC
// Commands of IRC that ask what the server is: ADMIN, INFO, STATS, TIME, VERSION.
#include "chatd/handler/irc/hub_rows.hh"
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/isupport.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/stamps.hh"
#include "common/text.hh"

#include <array>
#include <string>

using namespace common;

namespace chatd::irc {
namespace {

constexpr std::array<std::string_view, 5> info{
    "chatd " SUITE_VERSION,
    "Its rooms are channels here; others are in them with telnet, nc or chat.",
    "What is said in a room is in its log: who comes later can read it.",
    "Nobody who reads slowly is dropped, or misses a line.",
    "The manual is chatd-irc(7).",
};

// Of a time in microseconds since 1970; 0 while it is still to come.
std::uint64_t seconds_since(std::uint64_t time) {
    const auto now = static_cast<std::uint64_t>(now_in_microseconds());
    return now > time ? (now - time) / 1'000'000 : 0;
}

// As clients take it apart: "Server Up 3 days 4:05:06".
std::string words_of_uptime(std::uint64_t seconds) {
    const auto two_digits = [](std::uint64_t number) { return text(number < 10 ? "0" : "", number); };
    const std::uint64_t minutes = seconds / 60, hours = minutes / 60;
    return text("Server Up ", hours / 24, " days ", hours % 24, ':', two_digits(minutes % 60), ':',
                two_digits(seconds % 60));
}

} // namespace

void do_admin(IrcConversation& c, const ClientLine&) {
    c.replies.numeric(Numeric::no_admin_info, {server_word});
}

void do_info(IrcConversation& c, const ClientLine&) {
    for (const std::string_view words : info) c.replies.numeric(Numeric::info, {}, words);
    c.replies.numeric(Numeric::end_of_info);
}

void do_time(IrcConversation& c, const ClientLine&) {
    c.replies.numeric(Numeric::time, {server_word}, server_time(now_in_microseconds()));
}

void do_version(IrcConversation& c, const ClientLine&) {
    c.replies.numeric(Numeric::version, {version_word, server_word}, "");
    tell_isupport(c);
}

// u: since when there is this hub. Of what others have letters for nothing is told.
void do_stats(IrcConversation& c, const ClientLine& line) {
    const std::string letter{line.param(0).substr(0, 1)};
    const auto end = [&c, letter] { c.replies.numeric(Numeric::end_of_stats, {letter}); };
    if (letter != "u") return end();
    const auto show = [&c](std::string_view row) {
        c.replies.numeric(Numeric::stats_uptime, {}, words_of_uptime(seconds_since(parse_room(row).birth)));
    };
    c.ask(Message::state, StateFrame::make({}), "STATS", {.row = show, .listed = end});
}

} // namespace chatd::irc
