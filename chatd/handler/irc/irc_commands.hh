// SPDX-License-Identifier: ISC
// The commands of IRC, each with its name, the least of its parameters, when it may come, and what it does:
// one table. chatd-irc(7) lists it, and a test compares. Run by handlers.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace chatd::irc {

class IrcConversation;
struct ClientLine;

struct IrcCommand {
    enum class When { at_first, inside, any }; // at_first: before the client is inside
    std::string_view name;
    std::size_t least; // parameters; with fewer: 461
    When when;
    void (*run)(IrcConversation& c, const ClientLine& line);
};
std::span<const IrcCommand> irc_commands();

// Does what the line says, or answers why not.
void obey_command(IrcConversation& c, const ClientLine& line);

// What everybody is told who comes in: 001 to 005 and the message of the day.
void greet(IrcConversation& c);
// 005 alone.
void tell_isupport(IrcConversation& c);
// Tells the hub the client's real name, whether it is a program, and what it wants to be told. When nothing
// else is asked.
void describe(IrcConversation& c);
// The frame that says so.
std::string describe_frame(const IrcConversation& c, bool is_bot);

// --- By subject, a file each: commands_SUBJECT.cc.
void do_away(IrcConversation& c, const ClientLine& line);
void do_quit(IrcConversation& c, const ClientLine& line);
void do_setname(IrcConversation& c, const ClientLine& line);

void do_join(IrcConversation& c, const ClientLine& line);
void do_part(IrcConversation& c, const ClientLine& line);
void do_topic(IrcConversation& c, const ClientLine& line);
void do_names(IrcConversation& c, const ClientLine& line);
void do_kick(IrcConversation& c, const ClientLine& line);

void do_privmsg(IrcConversation& c, const ClientLine& line);
void do_notice(IrcConversation& c, const ClientLine& line);

void do_motd(IrcConversation& c, const ClientLine& line);
void do_ping(IrcConversation& c, const ClientLine& line);

void do_who(IrcConversation& c, const ClientLine& line);
void do_whois(IrcConversation& c, const ClientLine& line);
void do_whowas(IrcConversation& c, const ClientLine& line);
void do_ison(IrcConversation& c, const ClientLine& line);
void do_userhost(IrcConversation& c, const ClientLine& line);
void do_invite(IrcConversation& c, const ClientLine& line);

void do_list(IrcConversation& c, const ClientLine& line);
void do_lusers(IrcConversation& c, const ClientLine& line);

void do_mode(IrcConversation& c, const ClientLine& line);
void do_oper(IrcConversation& c, const ClientLine& line);

void do_admin(IrcConversation& c, const ClientLine& line);
void do_info(IrcConversation& c, const ClientLine& line);
void do_stats(IrcConversation& c, const ClientLine& line);
void do_time(IrcConversation& c, const ClientLine& line);
void do_version(IrcConversation& c, const ClientLine& line);

} // namespace chatd::irc
