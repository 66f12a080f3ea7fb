// SPDX-License-Identifier: ISC
#include "chatd/hub/evictions.hh"

#include "common/keeper/keeper_link.hh"
#include "common/text.hh"

#include <algorithm>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::size_t most_named = 10;

bool is_too_old(const Client& client) { return !speaks_with(client.protocol); }

const std::string& name_of(const Client& client) { return client.name.empty() ? client.peer : client.name; }

} // namespace

// In the order of their coming.
std::vector<ClientNumber> Evictions::find(const std::function<bool(const Client&)>& wanted) const {
    std::vector<ClientNumber> found;
    for (const auto& [number, client] : people_.all())
        if (wanted(client)) found.push_back(number);
    std::sort(found.begin(), found.end());
    return found;
}

std::string Evictions::explain_too_old() const {
    const std::vector<ClientNumber> old = find(is_too_old);
    if (old.empty()) return {};
    std::string names;
    for (std::size_t one = 0; one < std::min(old.size(), most_named); ++one)
        names += text(one == 0 ? "" : ", ", escape(name_of(*people_.find(old[one]))));
    if (old.size() > most_named) names += text(", and ", old.size() - most_named, " more");
    return text(names, ": from before protocol version ", oldest_protocol,
                ", which this version cannot go on with: `chatctl upgrade -f' lets them come again");
}

// Every version of a handler knows what a hub of a version that it does not know means. The hub before has
// handed over, so all that was dealt with is answered, and chat(1) knows how many bytes that were.
void Evictions::let_too_old_go(std::uint32_t hub) {
    for (const ClientNumber number : find(is_too_old)) {
        Client& client = *people_.find(number);
        log_.notice(text(escape(name_of(client)), " is to come again: its handler is of protocol version ",
                         client.protocol));
        answers_.send(client, AgainFrame::make({}, protocol_version, hub));
        client.counted = 0;
        departures_.end(client);
    }
}

void Evictions::begin_closing() {
    const std::vector<RoomSettings>& wanted = settings_.rooms;
    for (auto& [name, room] : rooms_.all()) {
        const bool is_wanted =
            std::any_of(wanted.begin(), wanted.end(),
                        [&here = name](const RoomSettings& one) { return one.name == here; });
        if (is_wanted || room.is_made_by_client()) continue;
        room.close();
        rooms_.note_change(room);
        log_.notice(text("room ", name, " is no longer in the configuration: members ", room.members().size(),
                         " leave it"));
    }
}

void Evictions::empty_closing_rooms() {
    for (auto& [name, room] : rooms_.all()) {
        if (!room.is_closing()) continue;
        const auto members = find([&here = room](const Client& client) { return client.is_in(here); });
        for (const ClientNumber number : members)
            if (Client* const client = people_.find(number)) lose_room(*client, room);
    }
}

// No request of its own asks for this.
void Evictions::lose_room(Client& client, Room& room) {
    if (client.rooms.size() == 1 && !client.speaks_irc())
        return departures_.dismiss(client, Farewell::rooms_closed);
    const std::uint32_t serial = std::exchange(client.serial, 0);
    rooms_.leave(room, client);
    client.serial = serial;
    client.closed.push_back(room.number());
    answers_.send(client, ClosedFrame::make({}, room.number()));
}

// Whoever passes a socket to the daemon says itself how long it serves.
void Evictions::let_go_of_listeners() {
    const auto leaves = [this](const Client& client) {
        return client.listener.starts_with(label_of_listener) && !listens_at_(client.listener);
    };
    for (const ClientNumber number : find(leaves)) {
        Client& client = *people_.find(number);
        log_.notice(text(escape(name_of(client)), " leaves: no longer listening where it came in, ",
                         client.listener.substr(label_of_listener.size())));
        departures_.dismiss(client, Farewell::not_listening);
    }
}

} // namespace chatd
