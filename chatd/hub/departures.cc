// SPDX-License-Identifier: ISC
#include "chatd/hub/departures.hh"

#include "common/network.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <optional>
#include <sys/socket.h>
#include <vector>

using namespace common;

namespace chatd {

namespace {

// Behind a Unix socket, and on this machine, many can share what looks like one address.
bool may_be_many(const Address& address) {
    static const std::array loopback{Network::parse("127.0.0.0/8"), Network::parse("::1")};
    return address.family() == AF_UNIX ||
           std::any_of(loopback.begin(), loopback.end(),
                       [&](const std::optional<Network>& network) { return network->contains(address); });
}

} // namespace

void Departures::end(Client& client) { end(client, {}); }

void Departures::end(Client& client, std::string_view farewell) {
    loop_.cancel(client.held_until);
    loop_.cancel(client.login_timer);
    budgets_.take(client, static_cast<double>(client.rooms.size()), Clock::now());
    if (client.has_quit)
        tickets_.forget(client.number);
    else
        keep_place(client);
    client.serial = 0; // no request of its own asks for this
    while (!client.rooms.empty()) {
        Room& room = *client.rooms.back().room;
        rooms_.leave(room, client, room.words_of_leaving(client, client.last_words, Clock::now()));
    }
    handlers_.release(client, farewell);
}

// The room that it was in last goes last.
void Departures::keep_place(const Client& client) {
    std::vector<Tickets::Stay> stays;
    for (const Client::Membership& in : client.rooms)
        stays.push_back({in.room->number(), in.shown_from, in.room->entry()});
    const auto last = std::find_if(stays.begin(), stays.end(), [&](const Tickets::Stay& stay) {
        return client.last_room != nullptr && stay.room == client.last_room->number();
    });
    if (last != stays.end()) std::rotate(last, last + 1, stays.end());
    tickets_.keep(client.number, std::move(stays), client.counted, client.formers,
                  Clock::now() + settings_.resume_time,
                  may_be_many(client.address) ? "" : client.address.network());
}

void Departures::dismiss(Client& client, Farewell why, std::string_view words) {
    end(client, DismissedFrame::make(words, static_cast<std::uint8_t>(why)));
}

void Departures::expel(Client& client, Farewell why) {
    client.has_quit = true;
    dismiss(client, why);
}

void Departures::punish(Client& client, std::string_view why) {
    log_.error(text("handler ", client.pid, " of ", client.peer, " is killed: ", why));
    handlers_.kill(client);
    end(client);
}

} // namespace chatd
