// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/irc_commands.hh"

#include "chatd/handler/irc/irc_conversation.hh"

#include <algorithm>

namespace chatd::irc {
namespace {

using C = IrcConversation&;
using Line = const ClientLine&;

// A browser can be made to send its words here: what follows them is not for us.
bool is_http(Line line) {
    const std::string_view last = line.params.empty() ? std::string_view{} : line.params.back();
    return last.rfind("HTTP/", 0) == 0;
}

void ignore(C, Line) {}

} // namespace

std::span<const IrcCommand> irc_commands() {
    using enum IrcCommand::When;
    static constexpr IrcCommand table[]{
        {"ADMIN", 0, inside, do_admin},
        {"AUTHENTICATE", 1, any, [](C c, Line l) { c.registration.authenticate(l.param(0)); }},
        {"AWAY", 0, inside, do_away},
        {"CAP", 1, any, [](C c, Line l) { c.registration.take_cap(l); }},
        {"CHATHISTORY", 0, inside, [](C c, Line l) { c.history.start(l.params); }},
        {"INFO", 0, inside, do_info},
        {"INVITE", 2, inside, do_invite},
        {"ISON", 1, inside, do_ison},
        {"JOIN", 1, inside, do_join},
        {"KICK", 2, inside, do_kick},
        {"LIST", 0, inside, do_list},
        {"LUSERS", 0, inside, do_lusers},
        {"MODE", 1, inside, do_mode},
        {"MOTD", 0, inside, do_motd},
        {"NAMES", 0, inside, do_names},
        {"NICK", 0, any, [](C c, Line l) { c.registration.take_nick(l.param(0)); }},
        {"NOTICE", 0, inside, do_notice},
        {"OPER", 2, inside, do_oper},
        {"PART", 1, inside, do_part},
        {"PASS", 1, at_first, [](C c, Line l) { c.registration.take_pass(l); }},
        {"PING", 0, any, do_ping},
        {"PONG", 0, any, ignore}, // that it came is enough
        {"PRIVMSG", 0, inside, do_privmsg},
        {"QUIT", 0, any, do_quit},
        {"SETNAME", 1, inside, do_setname},
        {"STATS", 0, inside, do_stats},
        {"TAGMSG", 1, inside, ignore}, // no room's log has tags
        {"TIME", 0, inside, do_time},
        {"TOPIC", 1, inside, do_topic},
        {"USER", 4, at_first, [](C c, Line l) { c.registration.take_user(l); }},
        {"USERHOST", 1, inside, do_userhost},
        {"VERSION", 0, inside, do_version},
        {"WHO", 0, inside, do_who},
        {"WHOIS", 0, inside, do_whois},
        {"WHOWAS", 0, inside, do_whowas},
    };
    return table;
}

void obey_command(IrcConversation& c, const ClientLine& line) {
    using enum IrcCommand::When;
    const auto table = irc_commands();
    const auto known = std::find_if(table.begin(), table.end(),
                                    [&](const IrcCommand& row) { return row.name == line.command; });
    const bool is_inside = c.registration.is_inside();
    if (known == table.end()) {
        if (!is_inside && is_http(line)) return c.finish("This is no web server");
        return c.replies.numeric(Numeric::unknown_command, {line.command});
    }
    if (known->when == inside && !is_inside) return c.replies.numeric(Numeric::not_registered);
    if (known->when == at_first && is_inside) return c.replies.numeric(Numeric::already_registered);
    if (line.params.size() < known->least)
        return c.replies.numeric(Numeric::need_more_params, {line.command});
    known->run(c, line);
}

} // namespace chatd::irc
