// SPDX-License-Identifier: ISC
#include "chatd/hub/lists.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace common;

namespace chatd {
namespace {

// Name, flags (Room::flags_of, and a away), why it is away.
std::vector<std::string> member_rows(const Room& room) {
    std::vector<std::string> rows;
    for (const auto& [number, member] : room.members())
        rows.push_back(text(member->name, '\t', room.flags_of(*member, Clock::now()), member->away ? "a" : "",
                            '\t', member->away.value_or("")));
    std::sort(rows.begin(), rows.end());
    return rows;
}

// Name, flags, members, topic: c with a code, m moderated, i the asking client is in it, f the first open
// one.
std::string row_of(const Room& room, bool is_inside, bool is_first) {
    return text(room.name(), '\t', room.is_open() ? "" : "c", room.is_moderated() ? "m" : "",
                is_inside ? "i" : "", is_first ? "f" : "", '\t', room.members().size(), '\t',
                room.is_open() || is_inside ? room.topic() : std::string{});
}

// Who is not let in yet is told of the open ones.
bool may_see(const Client& client, const Room& room) {
    if (room.settings().hidden && !client.is_in(room)) return false;
    return client.is_let_in() || (room.is_open() && !room.is_made_by_client());
}

// Whether the client may know who is in the room.
bool may_look_into(const Client& client, const Room& room) {
    return client.is_in(room) || (room.is_open() && !room.settings().hidden);
}

std::int64_t seconds_since(Clock::time_point when) {
    return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - when).count();
}

// Those that the client may look into, and what the member is there: "o:plans,:lobby".
std::string rooms_of(const Client& client, const Client& member) {
    std::string rooms;
    for (const Client::Membership& in : member.rooms)
        if (may_look_into(client, *in.room))
            rooms +=
                text(rooms.empty() ? "" : ",", in.room->flags_of(member, Clock::now()), ':', in.room->name());
    return rooms;
}

// Name, flags, members, limit, birth of the log, who set the topic, when, topic. Flags: c with a code, m
// moderated, h hidden, i the asking client is in it, n made by a client, k its history is kept.
std::string state_of(const Room& room, bool is_inside) {
    const RoomLog& log = room.log();
    // By somebody; else the configuration says it.
    const bool is_set = !log.topic().empty() && log.topic() != room.settings().topic;
    return text(room.name(), '\t', room.is_open() ? "" : "c", room.is_moderated() ? "m" : "",
                room.settings().hidden ? "h" : "", is_inside ? "i" : "", room.is_made_by_client() ? "n" : "",
                room.settings().history ? "k" : "", '\t', room.members().size(), '\t',
                room.settings().max_members, '\t', log.birth(), '\t', is_set ? log.topic_setting().by : "",
                '\t', is_set ? log.topic_setting().time : 0, '\t', room.topic());
}

// Whom, room, minutes left, by whom, a for the person's address, too.
std::string row_of(const Ban& ban, Ban::Time now) {
    std::string left;
    if (ban.until) left = text(std::chrono::ceil<std::chrono::minutes>(*ban.until - now).count());
    return text(ban.whom, '\t', ban.room, '\t', left, '\t', ban.by, '\t', ban.has_address() ? "a" : "");
}

} // namespace

void Lists::on_who(Client& client, Packet packet) {
    const auto [fields, name] = WhoFrame::read(packet);
    const Room* const room = rooms_.find(name);
    if (room == nullptr || !may_look_into(client, *room))
        return answers_.refuse(client, Refusal::no_such_room);
    answers_.list(client, std::get<0>(fields), member_rows(*room));
}

// Name; flags (Room::flags_of, and O operator of the server, a away, b a program); account; seconds since it
// connected, and since it spoke; rooms; TLS; address, if the client may know it; real name; why it is away.
std::string Lists::row_of_person(const Client& asks, const Client& member, const Room* room) const {
    const bool may_see_address = asks.is_operator || &asks == &member;
    return text(member.name, '\t', room == nullptr ? std::string{} : room->flags_of(member, Clock::now()),
                member.is_operator ? "O" : "", member.away ? "a" : "", member.is_program ? "b" : "", '\t',
                member.person.account, '\t', seconds_since(member.since), '\t', seconds_since(member.spoke),
                '\t', rooms_of(asks, member), '\t', tls_of_(member), '\t',
                may_see_address ? member.peer : std::string{}, '\t', member.real_name, '\t',
                member.away.value_or(""));
}

void Lists::on_people(Client& client, Packet packet) {
    const auto [fields, name] = PeopleFrame::read(packet);
    const auto [skip, is_person] = fields;
    if (is_person > 1) throw PeerError("a question about neither a room nor a person");
    if (is_person != 0) {
        const Client* const member = people_.find(name);
        if (member == nullptr || member->state != Client::State::inside)
            return answers_.refuse(client, Refusal::nobody);
        return answers_.list(client, skip, {row_of_person(client, *member, nullptr)});
    }
    const Room* const room = find_in_any_case(rooms_, name);
    if (room == nullptr || !may_look_into(client, *room))
        return answers_.refuse(client, Refusal::no_such_room);
    std::vector<const Client*> members;
    for (const auto& [number, member] : room->members()) members.push_back(member);
    std::ranges::sort(members, {}, [](const Client* member) -> const std::string& { return member->name; });
    answers_.list(client, skip, members.size(),
                  [&](std::size_t at) { return row_of_person(client, *members[at], room); });
}

// Without a name: how many clients there are, and may be, since when there is this hub, and nothing else.
void Lists::on_state(Client& client, Packet packet) {
    using Microseconds = std::chrono::microseconds;
    const std::string name = StateFrame::read(packet).second;
    if (name.empty()) {
        const auto began = std::chrono::duration_cast<Microseconds>(began_.time_since_epoch()).count();
        return answers_.list(
            client, 0, {text("\t\t", people_.count(), '\t', settings_.max_clients, '\t', began, "\t\t0\t")});
    }
    const Room* const room = find_in_any_case(rooms_, name);
    if (room == nullptr || !may_look_into(client, *room))
        return answers_.refuse(client, Refusal::no_such_room);
    answers_.list(client, 0, {state_of(*room, client.is_in(*room))});
}

void Lists::on_rooms(Client& client, Packet packet) {
    const auto [skip] = RoomsFrame::read(packet).first;
    const auto first =
        std::find_if(settings_.rooms.begin(), settings_.rooms.end(),
                     [](const RoomSettings& room) { return room.code.empty() && room.code_hash.empty(); });
    std::vector<std::string> rows;
    for (const auto& [name, room] : rooms_.all()) {
        const bool is_first = first != settings_.rooms.end() && first->name == name;
        if (may_see(client, room)) rows.push_back(row_of(room, client.is_in(room), is_first));
    }
    answers_.list(client, skip, rows);
}

void Lists::on_bans(Client& client, Packet packet) {
    const auto [skip] = BansFrame::read(packet).first;
    const auto now = std::chrono::system_clock::now();
    std::vector<std::string> rows;
    bool may_see = false;
    const std::vector<Ban> all = bans_.all(now);
    for (const Client::Membership& in : client.rooms) {
        if (!in.room->is_operator(client)) continue;
        may_see = true;
        for (const Ban& ban : all)
            if (ban.room == in.room->name()) rows.push_back(row_of(ban, now));
    }
    if (!may_see) return answers_.refuse(client, Refusal::not_operator);
    answers_.list(client, skip, rows);
}

} // namespace chatd
