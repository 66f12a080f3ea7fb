// SPDX-License-Identifier: ISC
// Commands of IRC about the connection and who it is: AWAY, QUIT, SETNAME.
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/text_parts.hh"

namespace chatd::irc {

void do_away(IrcConversation& c, const ClientLine& line) {
    const std::string why = harmless_words(line.param(0));
    const bool is_away = !why.empty();
    const auto accepted = [&c, is_away](const std::string&) {
        c.replies.numeric(is_away ? Numeric::now_away : Numeric::un_away);
    };
    c.ask(Message::away, AwayFrame::make(why, static_cast<std::uint8_t>(is_away ? 1 : 0)), "AWAY",
          {.accepted = accepted});
}

std::string describe_frame(const IrcConversation& c, bool is_bot) {
    const unsigned says = Deeds::wishes_of(c.capabilities) | (is_bot ? says_program : 0U);
    return DescribeFrame::make(c.real_name, static_cast<std::uint8_t>(says));
}

void describe(IrcConversation& c) { c.ask(Message::describe, describe_frame(c, c.is_bot), "*", {}); }

// Others who do not want to be told see it with their next question.
void do_setname(IrcConversation& c, const ClientLine& line) {
    const std::string real_name = harmless_words(line.param(0));
    if (real_name.empty())
        return c.replies.fail("SETNAME", "INVALID_REALNAME", {}, "A real name has to have something in it");
    const auto accepted = [&c](const std::string&) {
        if (!c.capabilities.has(Capability::setname)) return;
        ServerLine told{prefix_of(c.replies.nick()), "SETNAME"};
        c.replies.answer(told.text(c.real_name));
    };
    c.real_name = real_name;
    c.ask(Message::describe, describe_frame(c, c.is_bot), "SETNAME", {.accepted = accepted});
}

void do_quit(IrcConversation& c, const ClientLine& line) {
    if (!c.registration.is_inside()) return c.finish("You have left");
    c.ask(Message::quit, QuitFrame::make(harmless_words(line.param(0))), "QUIT",
          {.accepted = [&c](const std::string&) { c.finish("You have left"); }});
}

} // namespace chatd::irc
