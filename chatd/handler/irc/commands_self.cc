// SPDX-License-Identifier: ISC
// Commands of IRC by which a client changes what it is itself: OPER, SETNAME.
#include "chatd/handler/irc/hub_rows.hh"
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "chatd/words.hh"
#include "common/secret.hh"
#include "common/text.hh"

#include <memory>
#include <string>

using namespace common;

namespace chatd::irc {
namespace {

// Nobody else hears of it, and a room's log has no word of it: its own client is told by modes.
void tell_of_rights(IrcConversation& c, const PersonRow& self) {
    if (self.has('O')) {
        ServerLine line{c.replies.nick(), "MODE"};
        c.replies.answer(line.word(c.replies.nick()).word("+o"));
    }
    for (const PersonRow::In& one : self.rooms) {
        if (one.flags.find('o') == one.flags.npos) continue;
        ServerLine line{server_word, "MODE"};
        c.replies.answer(line.word(channel_of(one.room)).word("+o").word(c.replies.nick()));
    }
}

} // namespace

void do_oper(IrcConversation& c, const ClientLine& line) {
    const std::string_view name = line.param(0), password = line.param(1);
    if (name.size() > max_name || password.size() > max_code)
        return c.replies.numeric(Numeric::password_mismatch);
    const auto refused = [&c](Refusal why) {
        if (why == Refusal::wrong_password) return c.replies.numeric(Numeric::password_mismatch);
        c.refuse("OPER", why);
    };
    const auto accepted = [&c](const std::string&) {
        c.replies.numeric(Numeric::you_are_oper);
        c.then([&c] {
            const auto self = [&c](std::string_view row) { tell_of_rights(c, parse_person(row)); };
            c.ask(Message::people, PeopleFrame::make(c.replies.nick(), std::uint32_t{0}, std::uint8_t{1}),
                  "OPER", {.refused = [](Refusal) {}, .row = self});
        });
    };
    c.ask(Message::oper, OperFrame::make(text(name, password), static_cast<std::uint8_t>(name.size())),
          "OPER", {.accepted = accepted, .refused = refused});
}

void do_setname(IrcConversation& c, const ClientLine& line) {
    const std::string name = neutralise(without_formatting(line.param(0)));
    if (name.empty() || name.size() > max_topic)
        return c.replies.fail("SETNAME", "INVALID_REALNAME", {},
                              name.empty() ? "A real name says something" : "That real name is too long");
    const auto accepted = [&c, name](const std::string&) {
        c.real_name = name;
        if (!c.capabilities.has(Capability::setname)) return;
        ServerLine changed{prefix_of(c.replies.nick()), "SETNAME"};
        c.replies.answer(changed.text(name));
    };
    c.ask(Message::describe, DescribeFrame::make(name, static_cast<std::uint8_t>(c.is_bot ? 1 : 0)),
          "SETNAME", {.accepted = accepted});
}

} // namespace chatd::irc
