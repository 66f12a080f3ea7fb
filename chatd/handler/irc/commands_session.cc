// SPDX-License-Identifier: ISC
// Commands of IRC about the connection and who it is: AWAY, QUIT.
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "chatd/words.hh"

namespace chatd::irc {
namespace {

// Of words that the hub takes max_topic bytes of.
std::string harmless(std::string_view words) {
    const std::string all = neutralise(without_formatting(words));
    return std::string{beginning_of(all, max_topic)};
}

} // namespace

void do_away(IrcConversation& c, const ClientLine& line) {
    const std::string why = harmless(line.param(0));
    const bool is_away = !why.empty();
    const auto accepted = [&c, is_away](const std::string&) {
        c.replies.numeric(is_away ? Numeric::now_away : Numeric::un_away);
    };
    c.ask(Message::away, AwayFrame::make(why, static_cast<std::uint8_t>(is_away ? 1 : 0)), "AWAY",
          {.accepted = accepted});
}

void do_quit(IrcConversation& c, const ClientLine& line) {
    if (!c.registration.is_inside()) return c.finish("You have left");
    c.ask(Message::quit, QuitFrame::make(harmless(line.param(0))), "QUIT",
          {.accepted = [&c](const std::string&) { c.finish("You have left"); }});
}

} // namespace chatd::irc
