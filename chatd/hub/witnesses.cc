// SPDX-License-Identifier: ISC
#include "chatd/hub/witnesses.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

using namespace common;

namespace chatd {
namespace {

std::string frame_of(Deed deed, std::string_view name, std::string_view guest, std::string_view words) {
    return ToldOfFrame::make(text(name, guest, words), static_cast<std::uint8_t>(deed),
                             static_cast<std::uint8_t>(name.size()), static_cast<std::uint8_t>(guest.size()));
}

// Of who may not speak in the room nothing is told there that it has written itself.
bool may_speak(const Client& client, const Room& room) { return !room.refuse_speech(client, Clock::now()); }

std::string presence_of(const Client& client, const Room& room) {
    if (!client.away) return frame_of(Deed::came_back, client.name, {}, {});
    const bool has_words = !client.away->empty() && may_speak(client, room);
    return frame_of(Deed::went_away, client.name, {}, has_words ? std::string_view{*client.away} : "away");
}

// Empty: nothing is told.
std::string real_name_of(const Client& client, const Room& room) {
    if (!may_speak(client, room)) return {};
    return frame_of(Deed::named, client.name, {}, client.real_name);
}

// Those in the client's rooms who want it, each once.
template <class Visit>
void visit(const Client& client, std::uint8_t wanted, const Visit& visit_one) {
    std::set<ClientNumber> visited;
    for (const Client::Membership& in : client.rooms)
        for (const auto& [number, member] : in.room->members())
            if (member != &client && (member->wishes & wanted) != 0 && visited.insert(number).second)
                visit_one(*member, *in.room);
}

} // namespace

void Witnesses::tell_presence(Client& client) {
    client.presence_change = ++last_change_;
    visit(client, wishes_presence, [&](Client& witness, const Room& room) {
        tell(witness, presence_of(client, room), client.presence_change);
    });
}

void Witnesses::tell_real_name(Client& client) {
    client.real_name_change = ++last_change_;
    visit(client, wishes_real_names, [&](Client& witness, const Room& room) {
        tell(witness, real_name_of(client, room), client.real_name_change);
    });
}

// For those who are behind it counts as a change.
void Witnesses::tell_entry(Client& client, const Room& room) {
    if (!client.away) return;
    client.presence_change = ++last_change_;
    for (const auto& [number, member] : room.members())
        if (member != &client && (member->wishes & wishes_presence) != 0)
            tell(*member, presence_of(client, room), client.presence_change);
}

void Witnesses::tell_invitation(const Client& client, const Client& guest, const Room& room) {
    const std::string frame = frame_of(Deed::invited, client.name, guest.name, room.name());
    for (const auto& [number, member] : room.members()) {
        const bool is_told = (member->wishes & wishes_invitations) != 0 && room.is_operator(*member);
        if (is_told && member != &client && member != &guest && !member->missed_from) send(*member, frame);
    }
}

void Witnesses::tell(Client& witness, const std::string& frame, std::uint64_t change) {
    if (frame.empty() || witness.missed_from || send(witness, frame)) return;
    witness.missed_from = change;
}

// A pair that is full counts as a client that is behind, whatever fills it.
bool Witnesses::send(Client& witness, const std::string& frame) {
    if (!witness.pair || witness.untaken >= most_waiting) return false;
    try {
        if (send_packet(witness.pair.fd(), frame) != IoState::done) return false;
    } catch (const std::system_error&) {
        return false;
    }
    ++witness.untaken;
    return true;
}

// In the order of the changes, of each person the last one.
void Witnesses::catch_up(Client& client) {
    if (!client.missed_from) return;
    struct Missed {
        const Client* member;
        const Room* room;
        bool is_presence;
    };
    std::map<std::uint64_t, Missed> all;
    for (const Client::Membership& in : client.rooms)
        for (const auto& [number, member] : in.room->members()) {
            if (member == &client) continue;
            if ((client.wishes & wishes_presence) != 0 && member->presence_change >= *client.missed_from)
                all.try_emplace(member->presence_change, Missed{member, in.room, true});
            if ((client.wishes & wishes_real_names) != 0 && member->real_name_change >= *client.missed_from)
                all.try_emplace(member->real_name_change, Missed{member, in.room, false});
        }
    client.missed_from.reset();
    for (const auto& [change, missed] : all) {
        const auto& [member, room, is_presence] = missed;
        tell(client, is_presence ? presence_of(*member, *room) : real_name_of(*member, *room), change);
        if (client.missed_from) return;
    }
}

} // namespace chatd
