// SPDX-License-Identifier: ISC
#include "chatd/hub/witnesses.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <map>
#include <poll.h>
#include <set>
#include <string_view>
#include <system_error>
#include <vector>

using namespace common;

namespace chatd {
namespace {

std::string frame_of(Deed deed, std::string_view name, std::string_view guest, std::string_view words) {
    return ToldOfFrame::make(text(name, guest, words), static_cast<std::uint8_t>(deed),
                             static_cast<std::uint8_t>(name.size()), static_cast<std::uint8_t>(guest.size()));
}

using RoomsOf = std::vector<const Room*>;

// Where the client may speak: of who may not, nothing is told there that it has written itself.
RoomsOf rooms_to_speak_in(const Client& client) {
    RoomsOf rooms;
    for (const Client::Membership& in : client.rooms)
        if (!in.room->refuse_speech(client, Clock::now())) rooms.push_back(in.room);
    return rooms;
}

bool is_in_one(const Client& witness, const RoomsOf& rooms) {
    return std::any_of(rooms.begin(), rooms.end(), [&](const Room* room) { return witness.is_in(*room); });
}

// has_words: the witness may see those that the client has written.
std::string presence_of(const Client& client, bool has_words) {
    if (!client.away) return frame_of(Deed::came_back, client.name, {}, {});
    const bool are_told = has_words && !client.away->empty();
    return frame_of(Deed::went_away, client.name, {}, are_told ? std::string_view{*client.away} : "away");
}

std::string real_name_of(const Client& client) {
    return frame_of(Deed::named, client.name, {}, client.real_name);
}

// Those in the client's rooms who want it, each once.
template <class Visit>
void visit(const Client& client, std::uint8_t wanted, const Visit& visit_one) {
    std::set<ClientNumber> visited;
    for (const Client::Membership& in : client.rooms)
        for (const auto& [number, member] : in.room->members())
            if (member != &client && (member->wishes & wanted) != 0 && visited.insert(number).second)
                visit_one(*member);
}

// What fills it may be frames that nobody acknowledges.
bool can_take_more(const Client& witness) {
    pollfd asked{witness.pair.fd(), POLLOUT, 0};
    return retry([&] { return ::poll(&asked, 1, 0); }) == 1 && (asked.revents & POLLOUT) != 0;
}

} // namespace

void Witnesses::tell_presence(Client& client) {
    client.presence_change = ++last_change_;
    const RoomsOf rooms = rooms_to_speak_in(client);
    const std::string whole = presence_of(client, true), bare = presence_of(client, false);
    visit(client, wishes_presence, [&](Client& witness) {
        tell(witness, is_in_one(witness, rooms) ? whole : bare, client.presence_change);
    });
}

void Witnesses::tell_real_name(Client& client) {
    client.real_name_change = ++last_change_;
    const RoomsOf rooms = rooms_to_speak_in(client);
    const std::string frame = real_name_of(client);
    visit(client, wishes_real_names, [&](Client& witness) {
        if (is_in_one(witness, rooms)) tell(witness, frame, client.real_name_change);
    });
}

// For those who are behind it counts as a change.
void Witnesses::tell_entry(Client& client, const Room& room) {
    if (!client.away) return;
    client.presence_change = ++last_change_;
    const RoomsOf rooms = rooms_to_speak_in(client);
    const std::string whole = presence_of(client, true), bare = presence_of(client, false);
    for (const auto& [number, member] : room.members())
        if (member != &client && (member->wishes & wishes_presence) != 0)
            tell(*member, is_in_one(*member, rooms) ? whole : bare, client.presence_change);
}

void Witnesses::tell_invitation(const Client& client, const Client& guest, const Room& room) {
    const std::string frame = frame_of(Deed::invited, client.name, guest.name, room.name());
    for (const auto& [number, member] : room.members()) {
        const bool is_told = (member->wishes & wishes_invitations) != 0 && room.is_operator(*member);
        if (is_told && member != &client && member != &guest && !member->missed_from) send(*member, frame);
    }
}

// Whoever has nothing to acknowledge, and missed something, had a pair that was full: no acknowledgement will
// come that lets it catch up.
void Witnesses::tell(Client& witness, const std::string& frame, std::uint64_t change) {
    if (witness.missed_from) {
        if (witness.untaken == 0 && witness.pair && can_take_more(witness)) catch_up(witness);
        return;
    }
    if (!send(witness, frame)) witness.missed_from = change;
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

// In the order of the changes, of each person the last one. Only when all was acknowledged: it costs a look
// at everybody in the client's rooms.
void Witnesses::catch_up(Client& client) {
    if (!client.missed_from || client.untaken != 0) return;
    struct Missed {
        const Client* member;
        bool is_presence;
    };
    std::map<std::uint64_t, Missed> all;
    for (const Client::Membership& in : client.rooms)
        for (const auto& [number, member] : in.room->members()) {
            if (member == &client) continue;
            if ((client.wishes & wishes_presence) != 0 && member->presence_change >= *client.missed_from)
                all.try_emplace(member->presence_change, Missed{member, true});
            if ((client.wishes & wishes_real_names) != 0 && member->real_name_change >= *client.missed_from)
                all.try_emplace(member->real_name_change, Missed{member, false});
        }
    client.missed_from.reset();
    for (const auto& [change, missed] : all) {
        const auto& [member, is_presence] = missed;
        const bool has_words = is_in_one(client, rooms_to_speak_in(*member));
        if (!is_presence && !has_words) continue;
        const std::string frame = is_presence ? presence_of(*member, has_words) : real_name_of(*member);
        if (send(client, frame)) continue;
        client.missed_from = change;
        return;
    }
}

} // namespace chatd
