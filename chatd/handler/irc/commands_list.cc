// SPDX-License-Identifier: ISC
// Commands of IRC about how much there is: LIST, LUSERS.
#include "chatd/handler/irc/hub_rows.hh"
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/masks.hh"
#include "chatd/handler/irc/names.hh"
#include "common/text.hh"

#include <memory>
#include <string>

using namespace common;

namespace chatd::irc {
namespace {

// The hub tells of those rooms that the client may know.
void ask_for_rooms(IrcConversation& c, std::function<void(const ListedRoom&)> found,
                   std::function<void()> done) {
    c.ask(Message::rooms, RoomsFrame::make({}, std::uint32_t{0}), "LIST",
          {.row = [found = std::move(found)](std::string_view row) { found(parse_listed_room(row)); },
           .listed = std::move(done)});
}

void tell_numbers(IrcConversation& c, const RoomRow& server, std::uint64_t rooms) {
    Replies& replies = c.replies;
    const std::string clients = text(server.members);
    replies.numeric(Numeric::luser_client, {},
                    text("There are ", clients, " users and 0 invisible on 1 servers"));
    if (rooms != 0) replies.numeric(Numeric::luser_channels, {text(rooms)});
    replies.numeric(Numeric::luser_me, {}, text("I have ", clients, " clients and 0 servers"));
    const std::string most = server.limit == 0 ? "" : text(", of ", server.limit, " that there may be");
    replies.numeric(Numeric::local_users, {}, text("Current local users ", clients, most));
    replies.numeric(Numeric::global_users, {}, text("Current global users ", clients, most));
}

} // namespace

void do_list(IrcConversation& c, const ClientLine& line) {
    const auto filter = std::make_shared<ListFilter>(line.param(0));
    c.replies.numeric(Numeric::list_start, {"Channel"});
    ask_for_rooms(
        c,
        [&c, filter](const ListedRoom& room) {
            const std::string channel = channel_of(room.name);
            if (filter->lets_pass(channel, room.members))
                c.replies.numeric(Numeric::list, {channel, text(room.members)}, room.topic);
        },
        [&c] { c.replies.numeric(Numeric::list_end); });
}

void do_lusers(IrcConversation& c, const ClientLine&) {
    const auto server = std::make_shared<RoomRow>();
    c.ask(Message::state, StateFrame::make({}), "LUSERS",
          {.row = [server](std::string_view row) { *server = parse_room(row); },
           .listed =
               [&c, server] {
                   const auto rooms = std::make_shared<std::uint64_t>(0);
                   c.then([&c, server, rooms] {
                       ask_for_rooms(
                           c, [rooms](const ListedRoom&) { ++*rooms; },
                           [&c, server, rooms] { tell_numbers(c, *server, *rooms); });
                   });
               }});
}

} // namespace chatd::irc
