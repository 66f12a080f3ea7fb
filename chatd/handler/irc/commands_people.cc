// SPDX-License-Identifier: ISC
// Commands of IRC that ask for people: WHO, WHOIS, WHOWAS, ISON, USERHOST; and INVITE, which asks somebody
// in.
#include "chatd/handler/irc/hub_rows.hh"
#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/isupport.hh"
#include "chatd/handler/irc/masks.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/who_query.hh"
#include "chatd/handler/irc/word_lines.hh"
#include "common/text.hh"

#include <ctime>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace common;

namespace chatd::irc {
namespace {

constexpr std::size_t most_userhosts = 5; // people that one USERHOST tells of

// Asks for the people in a room, and says at the end that it has.
void ask_for_room(IrcConversation& c, const std::string& room, std::function<void(const PersonRow&)> found,
                  const std::function<void()>& done) {
    c.ask(Message::people, PeopleFrame::make(room, std::uint32_t{0}, std::uint8_t{0}), room,
          {.refused = [done](Refusal) { done(); },
           .row = [found = std::move(found)](std::string_view row) { found(parse_person(row)); },
           .listed = done});
}

// Asks for one person; nullptr: there is nobody of that name.
void ask_for_person(IrcConversation& c, std::string_view name,
                    const std::function<void(const PersonRow*)>& found) {
    if (name.size() > max_name) return found(nullptr);
    const auto whom = std::make_shared<PersonRow>();
    c.ask(Message::people, PeopleFrame::make(name, std::uint32_t{0}, std::uint8_t{1}), std::string{name},
          {.refused = [found](Refusal) { found(nullptr); },
           .row = [whom](std::string_view row) { *whom = parse_person(row); },
           .listed = [found, whom] { found(whom.get()); }});
}

// --- WHO.

// One WHO, as long as it is being answered.
class Who {
public:
    Who(IrcConversation& c, std::string_view mask, std::string_view query)
        : c_(c), mask_(mask), query_(parse_who_query(query)) {}

    void tell(const PersonRow& person, const FoundIn& where) {
        if (query_.only_operators && !person.has('O')) return;
        const bool all_marks = c_.capabilities.has(Capability::multi_prefix);
        c_.replies.answer(who_line(query_, c_.replies.nick(), person, where, all_marks));
    }
    // Unless somebody of that name was told before, or is not of the mask.
    void tell_once(const PersonRow& person, const FoundIn& where) {
        if (is_meant(person) && told_.insert(person.name).second) tell(person, where);
    }
    void end() const { c_.replies.numeric(Numeric::end_of_who, {mask_}); }

private:
    bool is_meant(const PersonRow& person) const {
        return mask_.empty() || mask_ == "0" || matches(mask_, nick_of(person.name)) ||
               matches(mask_, prefix_of(person.name)) || matches(mask_, person.real_name);
    }

    IrcConversation& c_;
    std::string mask_;
    WhoQuery query_;
    std::set<std::string> told_;
};

// A room that both are in, if there is one.
FoundIn shared_room(const IrcConversation& c, const PersonRow& person) {
    for (const Place& place : c.places.all())
        if (const PersonRow::In* const there = person.find_in(place.name))
            return {channel_of(place.name), there->flags};
    return {};
}

void who_is_in(IrcConversation& c, const std::string& channel, const std::shared_ptr<Who>& who) {
    const Place* const place = c.places.find(channel);
    const std::string room{place == nullptr ? room_of(channel) : std::string_view{place->name}};
    if (room.empty() || room.size() > max_room_name) return who->end();
    const std::string shown = place == nullptr ? channel : channel_of(room);
    ask_for_room(
        c, room,
        [who, shown](const PersonRow& person) {
            who->tell(person, {shown, person.flags});
        },
        [who] { who->end(); });
}

// Of all that the client shares a room with: nobody knows of others.
void who_is_anywhere(IrcConversation& c, const std::shared_ptr<Who>& who) {
    for (const Place& place : c.places.all())
        c.then([&c, room = place.name, who] {
            ask_for_room(
                c, room,
                [who, room](const PersonRow& person) {
                    who->tell_once(person, {channel_of(room), person.flags});
                },
                [] {});
        });
    c.then([who] { who->end(); });
}

// --- WHOIS.

void tell_rooms(IrcConversation& c, const PersonRow& person) {
    const bool all_marks = c.capabilities.has(Capability::multi_prefix);
    ServerLine head{server_word, digits_of(Numeric::whois_channels)};
    WordLines lines{c.replies, head.word(c.replies.nick()).word(nick_of(person.name))};
    for (const PersonRow::In& one : person.rooms)
        lines.add(marks_of(one.flags, all_marks) + channel_of(one.room));
    lines.end();
}

void tell_of(IrcConversation& c, const PersonRow& person) {
    Replies& replies = c.replies;
    const std::string nick = nick_of(person.name);
    replies.numeric(Numeric::whois_user, {nick, user_word, host_word, "*"}, person.real_name);
    tell_rooms(c, person);
    replies.numeric(Numeric::whois_server, {nick, server_word}, network);
    if (person.has('O')) replies.numeric(Numeric::whois_operator, {nick});
    if (person.has('b')) replies.numeric(Numeric::whois_bot, {nick});
    if (!person.account.empty()) replies.numeric(Numeric::whois_account, {nick, person.account});
    if (person.tls.starts_with("1.")) replies.numeric(Numeric::whois_secure, {nick});
    if (const std::string address = without_port(person.address); !address.empty())
        replies.numeric(Numeric::whois_host, {nick}, text("is connecting from *@", address, ' ', address));
    if (person.has('a')) replies.numeric(Numeric::away, {nick}, person.away);
    replies.numeric(
        Numeric::whois_idle,
        {nick, text(person.spoke), text(static_cast<std::uint64_t>(std::time(nullptr)) - person.connected)});
}

// --- ISON and USERHOST: a word for each who is there, in one line unless those are too many.

void tell_who_is_there(IrcConversation& c, const ClientLine& line, std::size_t most, Numeric number,
                       std::string (*word_of)(const PersonRow& person)) {
    std::vector<std::string> names;
    for (const std::string& param : line.params)
        for (const std::string_view name : split(param, ' '))
            if (!name.empty() && names.size() < most) names.emplace_back(name);
    ServerLine head{server_word, digits_of(number)};
    const auto words = std::make_shared<WordLines>(c.replies, head.word(c.replies.nick()));
    for (const std::string& name : names)
        c.then([&c, name, words, word_of] {
            ask_for_person(c, name, [words, word_of](const PersonRow* person) {
                if (person != nullptr) words->add(word_of(*person));
            });
        });
    c.then([words] { words->end_with_one(); });
}

void invite(IrcConversation& c, const std::string& name, const Place& place) {
    const std::string channel = channel_of(place.name);
    const auto accepted = [&c, name, channel](const std::string& away) {
        c.replies.bare_numeric(Numeric::inviting, {name, channel});
        const std::size_t tab = away.find('\t');
        if (tab != away.npos) c.replies.numeric(Numeric::away, {away.substr(0, tab)}, away.substr(tab + 1));
    };
    c.ask(Message::tell_as,
          TellAsFrame::make(text(name, place.name), static_cast<std::uint8_t>(Telling::invited),
                            std::uint64_t{0}, static_cast<std::uint8_t>(name.size())),
          name, {.accepted = accepted});
}

} // namespace

void do_who(IrcConversation& c, const ClientLine& line) {
    const std::string mask{line.param(0)};
    const auto who = std::make_shared<Who>(c, mask, line.param(1));
    if (is_channel(mask)) return who_is_in(c, mask, who);
    if (mask.empty() || mask == "0" || has_wildcards(mask)) return who_is_anywhere(c, who);
    ask_for_person(c, mask, [&c, who](const PersonRow* person) {
        if (person != nullptr) who->tell(*person, shared_room(c, *person));
        who->end();
    });
}

// WHOIS [SERVER] NICK.
void do_whois(IrcConversation& c, const ClientLine& line) {
    const std::string_view all = line.param(line.params.size() > 1 ? 1 : 0);
    const std::string name{all.substr(0, all.find(','))};
    if (name.empty()) return c.replies.numeric(Numeric::no_nickname);
    ask_for_person(c, name, [&c, name](const PersonRow* person) {
        if (person == nullptr)
            c.replies.numeric(Numeric::no_such_nick, {name});
        else
            tell_of(c, *person);
        c.replies.numeric(Numeric::end_of_whois, {name});
    });
}

// Nobody is remembered here but in the logs of the rooms.
void do_whowas(IrcConversation& c, const ClientLine& line) {
    const std::string name{line.param(0)};
    if (name.empty()) return c.replies.numeric(Numeric::no_nickname);
    c.replies.numeric(Numeric::was_no_such_nick, {name});
    c.replies.numeric(Numeric::end_of_whowas, {name});
}

void do_ison(IrcConversation& c, const ClientLine& line) {
    tell_who_is_there(c, line, max_line, Numeric::is_on,
                      [](const PersonRow& person) { return nick_of(person.name); });
}

void do_userhost(IrcConversation& c, const ClientLine& line) {
    tell_who_is_there(c, line, most_userhosts, Numeric::user_host, [](const PersonRow& person) {
        return text(nick_of(person.name), person.has('O') ? "*" : "", '=', person.has('a') ? '-' : '+',
                    user_word, '@', host_word);
    });
}

void do_invite(IrcConversation& c, const ClientLine& line) {
    const std::string name{line.param(0)}, channel{line.param(1)};
    const Place* const place = c.places.find(channel);
    if (place == nullptr) return c.replies.numeric(Numeric::not_on_channel, {channel});
    ask_for_person(c, name, [&c, name, channel, place = *place](const PersonRow* person) {
        if (person == nullptr) return c.replies.numeric(Numeric::no_such_nick, {name});
        if (person->find_in(place.name) != nullptr)
            return c.replies.numeric(Numeric::user_on_channel, {name, channel});
        invite(c, name, place);
    });
}

} // namespace chatd::irc
