// SPDX-License-Identifier: ISC
#include "chatd/hub/moderation.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace common;

namespace chatd {

struct Moderation::Rule {
    Kind kind;
    std::string_view name; // in the daemon's log
    std::size_t min_arguments;
    std::size_t max_arguments;
    bool needs_room; // else it can be done everywhere at once
    std::optional<Refusal> (Moderation::*act)(const Client* by, Room* room, Words arguments);

    static const Rule* find(Kind kind);
};

const Moderation::Rule* Moderation::Rule::find(Kind kind) {
    static constexpr std::array rules{
        Rule{Kind::kicked, "kick", 1, 1, false, &Moderation::kick},
        Rule{Kind::muted, "mute", 1, 4, true, &Moderation::mute},
        Rule{Kind::unmuted, "unmute", 1, 1, true, &Moderation::unmute},
        Rule{Kind::banned, "ban", 1, 4, false, &Moderation::ban},
        Rule{Kind::unbanned, "unban", 1, 1, false, &Moderation::unban},
        Rule{Kind::moderated, "moderate", 0, 0, true, &Moderation::moderate},
        Rule{Kind::unmoderated, "moderate off", 0, 0, true, &Moderation::unmoderate},
        Rule{Kind::voiced, "voice", 1, 1, true, &Moderation::give_voice},
        Rule{Kind::unvoiced, "unvoice", 1, 1, true, &Moderation::take_voice},
    };
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& known) { return known.kind == kind; });
    return found == rules.end() ? nullptr : &*found;
}

namespace {

std::vector<std::string> words_between_blanks(std::string_view all) {
    std::vector<std::string> words;
    for (const std::string_view word : split(all, ' '))
        if (!word.empty()) words.emplace_back(word);
    return words;
}

// How a ban or a mute is meant: for how long, whether also of the person's address, and whether also of who
// does it.
struct Manner {
    std::optional<std::chrono::seconds> length{}; // no value: for ever
    bool has_address = false;
    bool hits_oneself = false;
    std::string shown{}; // " 10m address", as it was typed
};

// Also in those that are closing.
std::size_t count_marks_of_configured(const Rooms& rooms) {
    std::size_t all = 0;
    for (const auto& [name, room] : rooms.all())
        if (!room.is_made_by_client()) all += room.muted().all().size() + room.voices().all().size();
    return all;
}

bool has_room_for_mark(const Rooms& rooms, const Room& room, const Marks& marks, const Client& whom) {
    const auto now = Clock::now();
    if (room.is_made_by_client()) return marks.count_others(whom, now) < max_marks_of_made_room;
    const auto is_whoms = [&](const Marks::Mark& mark) { return mark.whom.is(whom.person); };
    return count_marks_of_configured(rooms) < max_marks_of_configured ||
           std::any_of(marks.all().begin(), marks.all().end(), is_whoms); // in place of that one
}

// Of the words behind the first, in any order. No value: one of them is none of these.
std::optional<Manner> manner_of(Words arguments) {
    Manner manner;
    for (const std::string& word : arguments.subspan(1)) {
        if (word == "myself") {
            manner.hits_oneself = true;
            continue; // which is nobody else's business
        }
        const auto length = parse_duration(word);
        if (word == "address")
            manner.has_address = true;
        else if (length && !manner.length)
            manner.length = length;
        else
            return {};
        manner.shown += ' ' + word;
    }
    return manner;
}

} // namespace

std::optional<Refusal> Moderation::act(const Client* by, Room* room, Kind kind, Words arguments) {
    const Rule* const rule = Rule::find(kind);
    if (rule == nullptr) throw PeerError("an unknown act");
    if (rule->needs_room && room == nullptr) throw UserError("say in which room: -r ROOM");
    if (arguments.size() < rule->min_arguments) throw UserError("give a name");
    if (arguments.size() > rule->max_arguments)
        throw UserError("too many words: give a name and, if you like, a duration");
    return (this->*rule->act)(by, room, arguments);
}

void Moderation::on_act(Client& client, Packet packet) {
    const auto [fields, words] = ActFrame::read(packet);
    const auto [room_number, kind] = fields;
    Room& room = client.room(room_number);
    if (!room.is_operator(client)) return answers_.refuse(client, Refusal::not_operator);
    const ClientNumber number = client.number;
    std::optional<Refusal> why;
    try {
        // Made harmless, since a hostile handler does not: a newline, say, would be one of the bans' file.
        why = act(&client, &room, static_cast<Kind>(kind), words_between_blanks(neutralise(words)));
    } catch (const UserError&) {
        why = Refusal::nobody;
    }
    Client* const still_here = people_.find(number); // who may have thrown itself out
    if (still_here == nullptr) return;
    const bool is_known =
        rooms_.standing().has(room, static_cast<Kind>(kind), *still_here); // an earlier hub did it
    if (why && !is_known) return answers_.refuse(*still_here, *why);
    rooms_.await(room, *still_here, Rooms::last_of(room), Refusal::not_recorded);
}

void Moderation::record(const Client* by, Room* room, Kind kind, std::string_view whom) {
    const std::string harmless = neutralise(whom);
    if (room != nullptr) rooms_.add_line(*room, kind, by, harmless);
    if (room != nullptr) rooms_.note_change(*room);
    const Client* const person =
        room == nullptr ? people_.find(std::string_view{harmless}.substr(0, harmless.find(' '))) : nullptr;
    if (person != nullptr)
        for (const Client::Membership& in : person->rooms) rooms_.add_line(*in.room, kind, by, harmless);
    log_.notice(text(Rule::find(kind)->name, harmless.empty() ? "" : " ", escape(harmless), " by ",
                     by == nullptr ? "administrator" : escape(by->name), " in ",
                     room == nullptr ? "all rooms" : room->name()));
}

// A handler holds the logs of its rooms open, so leaving one of them against its will means leaving.
std::optional<Refusal> Moderation::kick(const Client* by, Room* room, Words arguments) {
    Client* const whom = people_.find_in(room, arguments[0]);
    if (whom == nullptr) return Refusal::nobody;
    record(by, room, Kind::kicked, whom->name);
    departures_.expel(*whom, Farewell::kicked);
    return {};
}

std::optional<Refusal> Moderation::mute(const Client* by, Room* room, Words arguments) {
    const Client* const whom = people_.find_in(room, arguments[0]);
    if (whom == nullptr) return Refusal::nobody;
    const std::optional<Manner> manner = manner_of(arguments);
    if (!manner) return Refusal::bad_duration;
    std::optional<Network> network;
    if (manner->has_address) network = Network::of(whom->address);
    if (manner->has_address && !network) return Refusal::no_address;
    if (by != nullptr && network && network->contains(by->address) && !manner->hits_oneself)
        return Refusal::hits_oneself;
    std::optional<Room::Time> until;
    if (manner->length) until = Clock::now() + *manner->length;
    if (!has_room_for_mark(rooms_, *room, room->muted(), *whom)) return Refusal::too_many_marks;
    room->muted().set(*whom, until, network, Clock::now());
    record(by, room, Kind::muted, whom->name + manner->shown);
    return {};
}

std::optional<Refusal> Moderation::unmute(const Client* by, Room* room, Words arguments) {
    if (!room->muted().take_back(fold_name(arguments[0]), people_.find(arguments[0]))) return Refusal::nobody;
    record(by, room, Kind::unmuted, arguments[0]);
    return {};
}

std::optional<Refusal> Moderation::ban(const Client* by, Room* room, Words arguments) {
    const std::string& word = arguments[0];
    Ban ban{whom_of(word), room == nullptr ? "" : room->name(), {}, by == nullptr ? "" : by->name};
    if (ban.whom.empty()) return Refusal::nobody;
    if (by != nullptr && room != nullptr && rooms_.standing().has(*room, Kind::banned, *by))
        if (const auto made = bans_.find(ban.whom, ban.room, std::chrono::system_clock::now()))
            return expel_banned(*made, room), std::nullopt; // by an earlier hub, which knew who it was
    const std::optional<Manner> manner = manner_of(arguments);
    if (!manner) return Refusal::bad_duration;
    if (manner->length) ban.until = std::chrono::system_clock::now() + *manner->length;
    ban.network = Network::parse(word);
    const Client* const whom = ban.network ? nullptr : people_.find(word);
    if (whom == nullptr && !ban.network && word.find('/') != word.npos) return Refusal::bad_network;
    if (!ban.network) // nobody can have another name, and no other is written into the file
        if (const auto why = refuse_name(word)) return why;
    if (whom != nullptr) {
        ban.person = whom->person;
        if (manner->has_address) ban.network = Network::of(whom->address);
    } else if (const auto made = bans_.find(ban.whom, ban.room, std::chrono::system_clock::now())) {
        ban.person = made->person; // it is given again, and may be all that is known of who had the name
        ban.network = made->network;
    }
    if (ban.person.first == 0) ban.person = tickets_.left_under(ban.whom, Clock::now());
    if (manner->has_address && !ban.network) return Refusal::no_address;
    if (by != nullptr && ban.is_of(*by) && !manner->hits_oneself) return Refusal::hits_oneself;
    if (by != nullptr && !bans_.has_room_for(ban, room->is_made_by_client())) return Refusal::too_many_bans;
    if (!deposits_.has_room_for_ban_change()) return Refusal::not_done;
    bans_.add(ban);
    record(by, room, Kind::banned, word + manner->shown);
    expel_banned(ban, room);
    return {};
}

void Moderation::expel_banned(const Ban& ban, const Room* room) {
    std::vector<Client*> concerned;
    for (auto& [number, client] : people_.all())
        if (ban.is_of(client) && (room == nullptr || client.is_in(*room))) concerned.push_back(&client);
    for (Client* const client : concerned) departures_.expel(*client, Farewell::banned);
}

std::optional<Refusal> Moderation::unban(const Client* by, Room* room, Words arguments) {
    if (!deposits_.has_room_for_ban_change()) return Refusal::not_done;
    if (!bans_.remove(whom_of(arguments[0]), room == nullptr ? "" : room->name())) return Refusal::not_banned;
    record(by, room, Kind::unbanned, arguments[0]);
    return {};
}

std::optional<Refusal> Moderation::moderate(const Client* by, Room* room, Words) {
    room->moderate(true);
    record(by, room, Kind::moderated, {});
    return {};
}

std::optional<Refusal> Moderation::unmoderate(const Client* by, Room* room, Words) {
    room->moderate(false);
    record(by, room, Kind::unmoderated, {});
    return {};
}

std::optional<Refusal> Moderation::give_voice(const Client* by, Room* room, Words arguments) {
    const Client* const whom = people_.find_in(room, arguments[0]);
    if (whom == nullptr) return Refusal::nobody;
    if (!has_room_for_mark(rooms_, *room, room->voices(), *whom)) return Refusal::too_many_marks;
    room->voices().set(*whom, {}, {}, Clock::now());
    record(by, room, Kind::voiced, whom->name);
    return {};
}

std::optional<Refusal> Moderation::take_voice(const Client* by, Room* room, Words arguments) {
    if (!room->voices().take_back(fold_name(arguments[0]), people_.find(arguments[0])))
        return Refusal::nobody;
    record(by, room, Kind::unvoiced, arguments[0]);
    return {};
}

} // namespace chatd
