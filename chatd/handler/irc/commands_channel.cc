// SPDX-License-Identifier: ISC
// Commands of IRC about channels, which are rooms: JOIN, PART, TOPIC, NAMES, KICK.
#include "chatd/handler/irc/hub_rows.hh"
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/isupport.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "chatd/handler/irc/who_query.hh"
#include "chatd/handler/irc/word_lines.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace common;

namespace chatd::irc {
namespace {

// The parts of "#a,#b", at most that many; the rest is told to be too much.
std::vector<std::string> targets_of(IrcConversation& c, std::string_view list, std::size_t most) {
    std::vector<std::string> targets;
    for (const std::string_view target : split(list, ',')) {
        if (targets.size() == most) {
            c.replies.numeric(Numeric::too_many_targets, {target});
            break;
        }
        if (!target.empty()) targets.emplace_back(target);
    }
    return targets;
}

bool may_be_room(std::string_view channel) {
    return is_channel(channel) && channel.size() > 1 && channel.size() - 1 <= max_room_name;
}

// --- NAMES, of a room that the client need not be in.

// Who came in with which account is noted only on coming in oneself: the room's log says what follows, and
// may not be read so far yet as the list is of.
void tell_names(IrcConversation& c, const std::string& channel, const std::string& room,
                const std::function<void()>& done) {
    const Place* const place = c.places.find(channel);
    const std::string_view sign = place != nullptr && place->is_hidden ? "@" : "=";
    ServerLine head{server_word, digits_of(Numeric::names_reply)};
    head.word(c.replies.nick()).word(sign).word(channel);
    const auto names = std::make_shared<WordLines>(c.replies, std::move(head));
    const auto show = [&c, names, room](std::string_view row) {
        const PersonRow person = parse_person(row);
        if (c.holds_rooms()) c.accounts.note(room, person.name, person.account);
        const bool has_prefix = c.capabilities.has(Capability::userhost_in_names);
        names->add(marks_of(person.flags, c.capabilities.has(Capability::multi_prefix)) +
                   (has_prefix ? prefix_of(person.name) : nick_of(person.name)));
    };
    const auto end = [&c, names, channel, done] {
        names->end();
        c.replies.numeric(Numeric::end_of_names, {channel});
        if (done) done();
    };
    c.ask(Message::people, PeopleFrame::make(room, std::uint32_t{0}, std::uint8_t{0}), room,
          {.refused = [end](Refusal) { end(); }, .row = show, .listed = end});
}

// And who has set it, and when, as far as that is known.
void tell_topic(IrcConversation& c, const std::string& channel, const RoomRow& room) {
    c.replies.numeric(Numeric::topic, {channel}, room.topic);
    if (room.topic_time == 0) return;
    const std::string when = std::to_string(room.topic_time / 1'000'000);
    c.replies.bare_numeric(Numeric::topic_who_time, {channel, prefix_of(room.topic_by), when});
}

// --- JOIN.

// The channel as the room is written, its topic and its names; only then what is said there.
void be_in(IrcConversation& c, RoomView& room) {
    c.hold_rooms(true);
    if (c.is_bot || c.capabilities.has(Capability::chathistory)) room.hide_earlier();
    const std::string channel = channel_of(room.name());
    ServerLine line{prefix_of(c.replies.nick()), "JOIN"};
    line.word(channel);
    if (c.capabilities.has(Capability::extended_join)) line.word(c.account).text(c.real_name);
    c.replies.answer(std::move(line));
    c.then([&c, channel, name = room.name()] {
        const auto take = [&c, channel](std::string_view row) {
            const RoomRow state = parse_room(row);
            if (Place* const place = c.places.find(channel)) {
                place->birth = state.birth;
                place->is_hidden = state.has('h');
            }
            if (!state.topic.empty()) tell_topic(c, channel, state);
        };
        c.ask(Message::state, StateFrame::make(name), channel, {.row = take});
    });
    c.then(
        [&c, channel, name = room.name()] { tell_names(c, channel, name, [&c] { c.hold_rooms(false); }); });
}

void join(IrcConversation& c, const std::string& channel, const std::string& key) {
    if (!may_be_room(channel)) return c.replies.numeric(Numeric::no_such_channel, {channel});
    if (key.size() > max_code) return c.replies.numeric(Numeric::bad_channel_key, {channel});
    if (c.places.find(channel) != nullptr) return;
    const std::string_view room = room_of(channel);
    c.ask(Message::enter, EnterFrame::make(text(room, key), static_cast<std::uint8_t>(room.size())), channel,
          {.entered = [&c](RoomView& view, const Conversation::Entrance&) { be_in(c, view); }});
}

// What was said there before is shown first, and one's own with it.
void leave(IrcConversation& c, const std::string& channel, const std::string& words) {
    Place* const place = c.places.find(channel);
    if (place == nullptr) return c.replies.numeric(Numeric::not_on_channel, {channel});
    const auto accepted = [&c, number = place->room, shown = channel_of(place->name),
                           words](const std::string&) {
        c.rooms.wake();
        c.rooms.follow();
        c.leave(number);
        ServerLine line{prefix_of(c.replies.nick()), "PART"};
        line.word(shown);
        c.replies.answer(words.empty() ? line : line.text(words));
    };
    const bool takes_words = c.hub.hubs_version() >= first_with_words_of_leaving;
    c.ask({.what = Message::leave, .about = channel, .room = place->room},
          LeaveFrame::make(takes_words ? words : std::string{}, place->room), {.accepted = accepted});
}

} // namespace

void do_join(IrcConversation& c, const ClientLine& line) {
    if (line.param(0) == "0") { // all channels are left
        for (const Place& place : c.places.all())
            c.then([&c, channel = channel_of(place.name)] { leave(c, channel, {}); });
        return;
    }
    const std::vector<std::string_view> keys = split(line.param(1), ',');
    std::size_t next_key = 0;
    for (const std::string& channel : targets_of(c, line.param(0), max_rooms)) {
        const std::string key{next_key < keys.size() ? keys[next_key] : ""};
        ++next_key;
        c.then([&c, channel, key] { join(c, channel, key); });
    }
}

void do_part(IrcConversation& c, const ClientLine& line) {
    const std::string words = harmless_words(line.param(1));
    for (const std::string& channel : targets_of(c, line.param(0), max_rooms))
        c.then([&c, channel, words] { leave(c, channel, words); });
}

// A topic without words takes it away.
void do_topic(IrcConversation& c, const ClientLine& line) {
    const std::string channel{line.param(0)};
    const Place* const place = c.places.find(channel);
    if (place == nullptr) return c.replies.numeric(Numeric::not_on_channel, {channel});
    std::string topic = neutralise(without_formatting(line.param(1)));
    const bool is_set = line.params.size() > 1;
    if (is_blank(topic)) topic = "-";
    if (topic.size() > max_topic) return c.refuse(channel, Refusal::text_too_long);
    if (is_set) return c.ask(Message::topic, TopicFrame::make(topic, place->room), channel, {});
    const auto take = [&c, channel](std::string_view row) {
        const RoomRow state = parse_room(row);
        if (state.topic.empty()) return c.replies.numeric(Numeric::no_topic, {channel});
        tell_topic(c, channel, state);
    };
    c.ask(Message::state, StateFrame::make(place->name), channel, {.row = take});
}

void do_names(IrcConversation& c, const ClientLine& line) {
    const std::string channel{line.param(0)};
    if (channel.empty()) return c.replies.numeric(Numeric::end_of_names, {"*"});
    const Place* const place = c.places.find(channel);
    if (place == nullptr && !may_be_room(channel)) return c.replies.numeric(Numeric::end_of_names, {channel});
    tell_names(c, channel, place == nullptr ? std::string{room_of(channel)} : place->name, {});
}

// Whoever is thrown out of one room leaves all, since a handler holds the logs of its rooms.
void do_kick(IrcConversation& c, const ClientLine& line) {
    const std::string channel{line.param(0)};
    const Place* const place = c.places.find(channel);
    if (place == nullptr) return c.replies.numeric(Numeric::not_on_channel, {channel});
    for (const std::string& name : targets_of(c, line.param(1), most_targets))
        c.then([&c, name, channel, room = place->room] {
            const auto refused = [&c, name, channel](Refusal why) {
                if (why == Refusal::nobody)
                    return c.replies.numeric(Numeric::not_in_channel, {name, channel});
                c.refuse(channel, why);
            };
            c.ask(Message::act,
                  ActFrame::make(beginning_of(name, max_name), room, static_cast<std::uint8_t>(Kind::kicked)),
                  channel, {.refused = refused});
        });
}

} // namespace chatd::irc
