// SPDX-License-Identifier: ISC
#include "chatd/hub/lists.hh"

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
    return client.state != Client::State::entering || (room.is_open() && !room.is_made_by_client());
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
    if (room == nullptr || !(client.is_in(*room) || (room->is_open() && !room->settings().hidden)))
        return answers_.refuse(client, Refusal::no_such_room);
    answers_.list(client, std::get<0>(fields), member_rows(*room));
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
