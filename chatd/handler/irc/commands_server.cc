// SPDX-License-Identifier: ISC
// Commands of IRC about the server, and what it says first: MOTD, PING.
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/isupport.hh"
#include "chatd/handler/irc/mode_changes.hh"
#include "chatd/handler/irc/names.hh"
#include "common/text.hh"

using namespace common;

namespace chatd::irc {
namespace {

constexpr std::string_view modes_with_param = "bklov";

} // namespace

void greet(IrcConversation& c) {
    Replies& replies = c.replies;
    replies.numeric(Numeric::welcome, {},
                    text("Welcome to the ", network, " network, ", prefix_of(replies.nick())));
    replies.numeric(Numeric::your_host, {},
                    text("Your host is ", server_word, ", running version ", version_word));
    replies.numeric(Numeric::created, {}, "What is said here is kept in the rooms, also while you are away");
    replies.bare_numeric(Numeric::my_info,
                         {server_word, version_word, user_modes, all_channel_modes(), modes_with_param});
    tell_isupport(c);
    do_motd(c, {});
}

void tell_isupport(IrcConversation& c) {
    for (const std::vector<std::string>& tokens : isupport()) {
        ServerLine line{server_word, digits_of(Numeric::isupport)};
        line.word(c.replies.nick());
        for (const std::string& token : tokens) line.word(token);
        c.replies.answer(line.text(words_of(Numeric::isupport)));
    }
}

void do_motd(IrcConversation& c, const ClientLine&) { c.replies.numeric(Numeric::no_motd); }

void do_ping(IrcConversation& c, const ClientLine& line) {
    if (line.params.empty()) return c.replies.numeric(Numeric::no_origin);
    ServerLine pong{server_word, "PONG"};
    c.replies.answer(pong.word(server_word).text(line.param(0)));
}

} // namespace chatd::irc
