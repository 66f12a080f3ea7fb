// SPDX-License-Identifier: ISC
// What clients are told of who is where: members, rooms and bans, a line for each, its fields between tabs
// (chatd-protocol(7)). Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/bans.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/settings.hh"

namespace chatd {

class Lists {
public:
    Lists(const Settings& settings, Rooms& rooms, const Bans& bans, Answers& answers)
        : settings_(settings), rooms_(rooms), bans_(bans), answers_(answers) {}

    // Requests of members; on_rooms also of who is not inside yet. Bans are those of the rooms that the
    // client is an operator of.
    void on_who(Client& client, Packet packet);
    void on_rooms(Client& client, Packet packet);
    void on_bans(Client& client, Packet packet);

private:
    const Settings& settings_;
    Rooms& rooms_;
    const Bans& bans_;
    Answers& answers_;
};

} // namespace chatd
