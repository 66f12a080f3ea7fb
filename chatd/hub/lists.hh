// SPDX-License-Identifier: ISC
// What clients are told of who is where: members, people, rooms and bans, a line for each, its fields between
// tabs (chatd-protocol(7)). Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/bans.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/settings.hh"

#include <chrono>
#include <functional>
#include <string>

namespace chatd {

class Lists {
public:
    // tls_of: HandlerPool's.
    using TlsOf = std::function<std::string(const Client& client)>;
    Lists(const Settings& settings, People& people, Rooms& rooms, const Bans& bans, Answers& answers,
          TlsOf tls_of)
        : settings_(settings),
          people_(people),
          rooms_(rooms),
          bans_(bans),
          answers_(answers),
          tls_of_(std::move(tls_of)) {}

    // Requests of members; on_rooms also of who is not inside yet. Bans are those of the rooms that the
    // client is an operator of.
    void on_who(Client& client, Packet packet);
    // More of those who are in a room, or of one of them, than on_who tells.
    void on_people(Client& client, Packet packet);
    // One line of one room, or of the server.
    void on_state(Client& client, Packet packet);
    void on_rooms(Client& client, Packet packet);
    void on_bans(Client& client, Packet packet);

private:
    std::string row_of_person(const Client& asks, const Client& member, const Room* room) const;

    const std::chrono::system_clock::time_point began_ = std::chrono::system_clock::now(); // the hub has
    const Settings& settings_;
    People& people_;
    Rooms& rooms_;
    const Bans& bans_;
    Answers& answers_;
    TlsOf tls_of_;
};

} // namespace chatd
