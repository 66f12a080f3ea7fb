// SPDX-License-Identifier: ISC
// Commands of IRC about what rooms and people are: MODE, of a channel and of oneself, and OPER. What a room
// is, the configuration says, or whoever has made it: of its modes only m, v and b can be changed here. Those
// changes are told as everybody in the room is told of them, by its log.
#include "chatd/handler/irc/hub_rows.hh"
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/mode_changes.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>

using namespace common;

namespace chatd::irc {
namespace {

// What becomes of a change that can be made.
struct Change {
    char letter;
    Kind set, unset;
};
constexpr std::array changeable{
    Change{'b', Kind::banned, Kind::unbanned},
    Change{'m', Kind::moderated, Kind::unmoderated},
    Change{'v', Kind::voiced, Kind::unvoiced},
};

// Why one cannot be made.
struct Fixed {
    char letter;
    std::string_view why;
};
constexpr std::array fixed{
    Fixed{'k', "The configuration, or who makes a room, gives it its key"},
    Fixed{'l', "The configuration says how many may be in a room"},
    Fixed{'n', "Only who is in a room can speak there"},
    Fixed{'o', "The configuration names the operators, and who makes a room is its operator"},
    Fixed{'s', "The configuration says which rooms are hidden"},
};

template <class Table>
const auto* find_row(const Table& table, char letter) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.letter == letter; });
    return found == table.end() ? nullptr : &*found;
}

constexpr std::uint64_t second = 1'000'000; // in microseconds

// --- What a channel is.

// A key is shown to nobody, not even to who has given it.
void tell_modes(IrcConversation& c, const RoomRow& room) {
    const std::string channel = channel_of(room.name);
    std::string letters = "+";
    if (room.has('c')) letters += 'k';
    if (room.limit != 0) letters += 'l';
    if (room.has('m')) letters += 'm';
    letters += 'n';
    if (room.has('h')) letters += 's';
    ServerLine line{server_word, digits_of(Numeric::channel_mode_is)};
    line.word(c.replies.nick()).word(channel).word(letters);
    if (room.has('c')) line.word("*");
    if (room.limit != 0) line.word(text(room.limit));
    c.replies.answer(std::move(line));
    if (room.birth != 0) c.replies.bare_numeric(Numeric::creation_time, {channel, text(room.birth / second)});
}

void ask_for_modes(IrcConversation& c, const std::string& channel) {
    const Place* const place = c.places.find(channel);
    const std::string room{place == nullptr ? room_of(channel) : std::string_view{place->name}};
    if (room.empty() || room.size() > max_room_name)
        return c.replies.numeric(Numeric::no_such_channel, {channel});
    c.ask(Message::state, StateFrame::make(room), channel,
          {.row = [&c](std::string_view row) { tell_modes(c, parse_room(row)); }});
}

// Who is no operator is told of none.
void tell_bans(IrcConversation& c, const std::string& channel, const std::string& room) {
    const auto end = [&c, channel] { c.replies.numeric(Numeric::end_of_ban_list, {channel}); };
    const auto show = [&c, channel, room](std::string_view row) {
        const ListedBan ban = parse_listed_ban(row);
        if (ban.room == room) c.replies.bare_numeric(Numeric::ban_list, {channel, ban_mask_of(ban.whom)});
    };
    c.ask(Message::bans, BansFrame::make({}, std::uint32_t{0}), channel,
          {.refused = [end](Refusal) { end(); }, .row = show, .listed = end});
}

// --- One change of a channel.

// The words of the hub's act; no value: refused.
std::optional<std::string> words_of(IrcConversation& c, const std::string& channel,
                                    const ModeChange& change) {
    if (change.mode->letter == 'm') return "";
    if (change.mode->letter != 'b') return std::string{beginning_of(change.param, max_name)};
    const BanMask mask = parse_ban_mask(change.param);
    if (!mask.whom.empty()) return mask.whom;
    c.replies.numeric(Numeric::invalid_mode_param, {channel, "b", change.param}, ban_mask_help);
    return {};
}

void refuse_change(IrcConversation& c, const std::string& channel, const ModeChange& change, Refusal why) {
    if (why == Refusal::nobody && change.mode->takes == Mode::Takes::nick)
        return c.replies.numeric(Numeric::not_in_channel, {change.param, channel});
    c.refuse(channel, why);
}

void make_change(IrcConversation& c, const std::string& channel, std::uint32_t room,
                 const ModeChange& change) {
    const char letter = change.mode->letter;
    const std::string_view shown{&change.mode->letter, 1};
    if (change.lacks_param())
        return c.replies.numeric(Numeric::invalid_mode_param, {channel, shown, "*"},
                                 "That mode needs a parameter");
    if (const Fixed* const row = find_row(fixed, letter)) {
        if (change.mode->is_fixed && change.is_set) return; // it is so
        return c.replies.numeric(Numeric::channel_op_needed, {channel}, row->why);
    }
    const Change* const row = find_row(changeable, letter);
    const std::optional<std::string> words = words_of(c, channel, change);
    if (row == nullptr || !words) return;
    const auto kind = static_cast<std::uint8_t>(change.is_set ? row->set : row->unset);
    c.ask(Message::act, ActFrame::make(*words, room, kind), channel,
          {.refused = [&c, channel, change](Refusal why) { refuse_change(c, channel, change, why); }});
}

void change_channel(IrcConversation& c, const std::string& channel, const ClientLine& line) {
    const ModeChanges parsed = parse_channel_modes(line.params, 1);
    for (const char letter : parsed.unknown)
        c.replies.numeric(Numeric::unknown_mode, {std::string_view{&letter, 1}});
    const Place* const place = c.places.find(channel);
    for (const ModeChange& change : parsed.changes) {
        if (place == nullptr) return c.replies.numeric(Numeric::not_on_channel, {channel});
        if (change.asks_for_list())
            c.then([&c, channel, room = place->name] { tell_bans(c, channel, room); });
        else
            c.then([&c, channel, room = place->room, change] { make_change(c, channel, room, change); });
    }
}

// --- Of oneself.

void tell_own_modes(IrcConversation& c) {
    const auto tell = [&c](std::string_view row) {
        const PersonRow self = parse_person(row);
        c.replies.bare_numeric(Numeric::user_mode_is,
                               {text("+", self.has('b') ? "B" : "", "i", self.has('O') ? "o" : "")});
    };
    c.ask(Message::people, PeopleFrame::make(c.replies.nick(), std::uint32_t{0}, std::uint8_t{1}), "MODE",
          {.row = tell});
}

// o is OPER's, and i is what everybody has.
void change_own(IrcConversation& c, std::string_view letters) {
    const UserModeChanges parsed = parse_user_modes(letters);
    if (!parsed.unknown.empty()) c.replies.numeric(Numeric::unknown_user_mode);
    std::optional<bool> is_bot;
    for (const UserModeChange& change : parsed.changes)
        if (change.letter == 'B') is_bot = change.is_set;
    if (!is_bot || *is_bot == c.is_bot) return;
    const auto accepted = [&c, now = *is_bot](const std::string&) {
        c.is_bot = now;
        ServerLine line{c.replies.nick(), "MODE"};
        c.replies.answer(line.word(c.replies.nick()).word(now ? "+B" : "-B"));
    };
    c.ask(Message::describe, describe_frame(c, *is_bot), "MODE", {.accepted = accepted});
}

// --- OPER.

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

void do_mode(IrcConversation& c, const ClientLine& line) {
    const std::string target{line.param(0)};
    if (is_channel(target))
        return line.params.size() == 1 ? ask_for_modes(c, target) : change_channel(c, target, line);
    if (fold(target) != fold(c.replies.nick())) return c.replies.numeric(Numeric::users_dont_match);
    if (line.params.size() == 1) return tell_own_modes(c);
    change_own(c, line.param(1));
}

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

} // namespace chatd::irc
