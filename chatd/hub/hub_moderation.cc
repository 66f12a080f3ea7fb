// SPDX-License-Identifier: ISC
// The hub's part about what operators do to others, in a room or everywhere, and the administrator by
// chatctl: one table of acts. Each stands in the log of the room, or of the rooms that it concerns, and in
// the daemon's, with who has done it. Run by the hub.
#include "chatd/hub/hub.hh"

#include "chatd/words.hh"
#include "common/config.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>

using namespace common;

namespace chatd {
namespace {

struct ActName {
    Kind kind;
    std::string_view name;
};
constexpr std::array act_names{
    ActName{Kind::kicked, "kick"},
    ActName{Kind::muted, "mute"},
    ActName{Kind::unmuted, "unmute"},
    ActName{Kind::banned, "ban"},
    ActName{Kind::unbanned, "unban"},
    ActName{Kind::moderated, "moderate"},
    ActName{Kind::unmoderated, "moderate off"},
    ActName{Kind::voiced, "voice"},
    ActName{Kind::unvoiced, "unvoice"},
};

std::string_view name_of(Kind kind) {
    return std::find_if(act_names.begin(), act_names.end(),
                        [&](const ActName& act) { return act.kind == kind; })
        ->name;
}

} // namespace

struct Hub::ActRule {
    Kind kind;
    std::size_t least, most; // arguments
    bool needs_room;         // else it can be done everywhere at once
    std::optional<Refusal> (Hub::*act)(const Actor& actor, Room* room, Words arguments);
};

// The arguments are as many as the rule says. Throws UserError when they are not, or when the act needs a
// room and has none; std::system_error when the bans cannot be saved.
std::optional<Refusal> Hub::act(const Actor& actor, Room* room, Kind kind, Words arguments) {
    static constexpr std::array rules{
        ActRule{Kind::kicked, 1, 1, false, &Hub::kick},
        ActRule{Kind::muted, 1, 2, true, &Hub::mute},
        ActRule{Kind::unmuted, 1, 1, true, &Hub::unmute},
        ActRule{Kind::banned, 1, 2, false, &Hub::ban},
        ActRule{Kind::unbanned, 1, 1, false, &Hub::unban},
        ActRule{Kind::moderated, 0, 0, true, &Hub::moderate},
        ActRule{Kind::unmoderated, 0, 0, true, &Hub::unmoderate},
        ActRule{Kind::voiced, 1, 1, true, &Hub::voice},
        ActRule{Kind::unvoiced, 1, 1, true, &Hub::unvoice},
    };
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const ActRule& known) { return known.kind == kind; });
    if (rule == rules.end()) throw PeerError("an act that there is not");
    if (rule->needs_room && room == nullptr) throw UserError("say in which room: -r ROOM");
    if (arguments.size() < rule->least) throw UserError("say whom: a name");
    if (arguments.size() > rule->most) throw UserError("too many words: a name, and perhaps for how long");
    return (this->*rule->act)(actor, room, arguments);
}

void Hub::on_act(Client& client, Packet packet) {
    const auto [fields, words] = ActFrame::read(packet);
    const auto [number, kind] = fields;
    Room& room = room_of(client, number);
    if (!is_operator(client, &room)) return refuse(client, Refusal::not_operator);
    const ClientNumber own_number = client.number;
    std::optional<Refusal> why;
    try {
        std::vector<std::string> arguments;
        for (std::string_view left = words; !left.empty();) {
            const std::size_t end = std::min(left.find(' '), left.size());
            if (end > 0) arguments.emplace_back(left.substr(0, end));
            left.remove_prefix(std::min(end + 1, left.size()));
        }
        why = act({&client}, &room, static_cast<Kind>(kind), arguments);
    } catch (const UserError&) {
        why = Refusal::nobody;
    } catch (const std::system_error& error) {
        log_.error(text("the bans are not saved: ", error.what()));
        why = Refusal::disk_full;
    }
    const auto found = clients_.find(own_number); // who may have thrown itself out
    if (found == clients_.end()) return;
    if (why) return refuse(found->second, *why);
    found->second.owes_answer = true; // until it is in the log
    dirty_[&room].push_back({own_number});
}

bool Hub::is_operator(const Client& client, const Room* room) const {
    const auto& rooms = client.operator_rooms;
    return client.is_operator || room->operators.find(client.number) != room->operators.end() ||
           std::find(rooms.begin(), rooms.end(), room->settings.name) != rooms.end();
}

// In the room's log; without a room in those where the person is.
void Hub::note_act(const Actor& actor, Room* room, Kind kind, std::string_view whom) {
    const std::string harmless = neutralise(whom);
    if (room != nullptr) add_line(*room, kind, actor.client, harmless);
    const Client* const person =
        room == nullptr ? find_client(harmless.substr(0, harmless.find(' '))) : nullptr;
    if (person != nullptr)
        for (const Client::Membership& in : person->rooms) add_line(*in.room, kind, actor.client, harmless);
    log_.notice(text(name_of(kind), harmless.empty() ? "" : " ", escape(harmless), " by ",
                     actor.client == nullptr ? "administrator" : escape(actor.name()), " in ",
                     room == nullptr ? "all rooms" : room->settings.name));
}

// Ends a connection for good: its token is worth nothing any more.
void Hub::expel(ClientNumber number, Farewell why, std::string_view words) {
    Client& client = clients_.at(number);
    client.has_quit = true;
    dismiss(client, why, words);
}

Client* Hub::find_client(std::string_view name) {
    const auto found = names_.find(fold_name(name));
    return found == names_.end() ? nullptr : &clients_.at(found->second);
}

Client* Hub::find_member(const Room& room, std::string_view name) {
    Client* const client = find_client(name);
    return client != nullptr && client->is_in(room) ? client : nullptr;
}

// A handler holds the logs of its rooms open, so leaving one of them against its will means leaving.
std::optional<Refusal> Hub::kick(const Actor& actor, Room* room, Words arguments) {
    const Client* const whom = room == nullptr ? find_client(arguments[0]) : find_member(*room, arguments[0]);
    if (whom == nullptr) return Refusal::nobody;
    note_act(actor, room, Kind::kicked, whom->name);
    expel(whom->number, Farewell::kicked, {});
    return {};
}

std::optional<Refusal> Hub::mute(const Actor& actor, Room* room, Words arguments) {
    const Client* const whom = find_member(*room, arguments[0]);
    if (whom == nullptr) return Refusal::nobody;
    std::optional<Room::Time> until;
    if (arguments.size() > 1) {
        const auto duration = parse_duration(arguments[1]);
        if (!duration) return Refusal::bad_duration;
        until = Clock::now() + *duration;
    }
    room->muted[whom->folded] = until;
    note_act(actor, room, Kind::muted, text(whom->name, until ? " " : "", until ? arguments[1] : ""));
    return {};
}

std::optional<Refusal> Hub::unmute(const Actor& actor, Room* room, Words arguments) {
    if (room->muted.erase(fold_name(arguments[0])) == 0) return Refusal::nobody;
    note_act(actor, room, Kind::unmuted, arguments[0]);
    return {};
}

std::optional<Refusal> Hub::ban(const Actor& actor, Room* room, Words arguments) {
    Ban ban{whom_of(arguments[0]), room == nullptr ? std::string{} : room->settings.name, {}, actor.name()};
    if (ban.whom.empty()) return Refusal::nobody;
    if (arguments.size() > 1) {
        const auto duration = parse_duration(arguments[1]);
        if (!duration) return Refusal::bad_duration;
        ban.until = std::chrono::system_clock::now() + *duration;
    }
    bans_.add(ban);
    note_act(actor, room, Kind::banned,
             text(arguments[0], arguments.size() > 1 ? " " : "", arguments.size() > 1 ? arguments[1] : ""));
    std::vector<ClientNumber> concerned;
    for (const auto& [number, client] : clients_)
        if ((client.folded == ban.whom || client.host == ban.whom) &&
            (room == nullptr || client.is_in(*room)))
            concerned.push_back(number);
    for (const ClientNumber number : concerned) expel(number, Farewell::banned, {});
    return {};
}

std::optional<Refusal> Hub::unban(const Actor& actor, Room* room, Words arguments) {
    if (!bans_.remove(whom_of(arguments[0]), room == nullptr ? "" : room->settings.name))
        return Refusal::not_banned;
    note_act(actor, room, Kind::unbanned, arguments[0]);
    return {};
}

std::optional<Refusal> Hub::moderate(const Actor& actor, Room* room, Words) {
    room->is_moderated = true;
    note_act(actor, room, Kind::moderated, {});
    return {};
}

std::optional<Refusal> Hub::unmoderate(const Actor& actor, Room* room, Words) {
    room->is_moderated = false;
    note_act(actor, room, Kind::unmoderated, {});
    return {};
}

std::optional<Refusal> Hub::voice(const Actor& actor, Room* room, Words arguments) {
    const Client* const whom = find_member(*room, arguments[0]);
    if (whom == nullptr) return Refusal::nobody;
    room->voices.insert(whom->folded);
    note_act(actor, room, Kind::voiced, whom->name);
    return {};
}

std::optional<Refusal> Hub::unvoice(const Actor& actor, Room* room, Words arguments) {
    if (room->voices.erase(fold_name(arguments[0])) == 0) return Refusal::nobody;
    note_act(actor, room, Kind::unvoiced, arguments[0]);
    return {};
}

void Hub::on_bans(Client& client, Packet packet) {
    const auto [skip] = BansFrame::read(packet).first;
    std::vector<std::string> rows;
    for (const Client::Membership& in : client.rooms) {
        if (!is_operator(client, in.room)) continue;
        const std::vector<std::string> more = ban_rows(in.room);
        rows.insert(rows.end(), more.begin(), more.end());
    }
    const bool may_see = std::any_of(client.rooms.begin(), client.rooms.end(),
                                     [&](const auto& in) { return is_operator(client, in.room); });
    if (!may_see) return refuse(client, Refusal::not_operator);
    send_listing(client, skip, rows);
}

// Whom, room, minutes left, by whom; of one room or, without one, of all and of everywhere.
std::vector<std::string> Hub::ban_rows(const Room* room) const {
    const auto now = std::chrono::system_clock::now();
    std::vector<std::string> rows;
    for (const Ban& ban : bans_.all(now)) {
        if (room != nullptr && ban.room != room->settings.name) continue;
        std::string left;
        if (ban.until) left = text(std::chrono::ceil<std::chrono::minutes>(*ban.until - now).count());
        rows.push_back(text(ban.whom, '\t', ban.room, '\t', left, '\t', ban.by));
    }
    return rows;
}

} // namespace chatd
