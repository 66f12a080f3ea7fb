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
    c.replies.numeric(Numeric::version, {"chatd-" SUITE_VERSION, server_word}, "");
    tell_isupport(c);
}

void do_stats(IrcConversation& c, const ClientLine& line) {
    const std::string letter{line.param(0).substr(0, 1)};
    c.replies.numeric(Numeric::end_of_stats, {letter});
}

} // namespace chatd::irc
