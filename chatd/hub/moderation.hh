// SPDX-License-Identifier: ISC
// What operators do to others, in a room or everywhere, and the administrator by chatctl: one table of acts.
// Each stands in the log of the room, or of the rooms that it concerns, and in the daemon's, with who has
// done it. Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/bans.hh"
#include "chatd/hub/departures.hh"
#include "chatd/hub/deposits.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/protocol.hh"
#include "common/config.hh"
#include "common/log.hh"

#include <optional>
#include <string_view>

namespace chatd {

class Moderation {
public:
    Moderation(common::Log& log, People& people, Rooms& rooms, Bans& bans, const Tickets& tickets,
               const Deposits& deposits, Answers& answers, Departures& departures)
        : log_(log),
          people_(people),
          rooms_(rooms),
          bans_(bans),
          tickets_(tickets),
          deposits_(deposits),
          answers_(answers),
          departures_(departures) {}

    // A request of a client, which may end that client itself.
    void on_act(Client& client, Packet packet);

    // by: an operator, or null for the administrator. room: null for everywhere. Why it is not done; no
    // value: it is. Throws common::UserError for a wrong number of arguments, or if the act needs a room
    // and has none; common::PeerError for an unknown act.
    std::optional<Refusal> act(const Client* by, Room* room, Kind kind, common::Words arguments);
    // Into the log of the room, or without one of those where the person is, and into the daemon's.
    void record(const Client* by, Room* room, Kind kind, std::string_view whom);

private:
    struct Rule; // which act takes which arguments, and what does it

    std::optional<Refusal> kick(const Client* by, Room* room, common::Words arguments);
    std::optional<Refusal> mute(const Client* by, Room* room, common::Words arguments);
    std::optional<Refusal> unmute(const Client* by, Room* room, common::Words arguments);
    std::optional<Refusal> ban(const Client* by, Room* room, common::Words arguments);
    void expel_banned(const Ban& ban, const Room* room);
    std::optional<Refusal> unban(const Client* by, Room* room, common::Words arguments);
    std::optional<Refusal> moderate(const Client* by, Room* room, common::Words arguments);
    std::optional<Refusal> unmoderate(const Client* by, Room* room, common::Words arguments);
    std::optional<Refusal> give_voice(const Client* by, Room* room, common::Words arguments);
    std::optional<Refusal> take_voice(const Client* by, Room* room, common::Words arguments);

    common::Log& log_;
    People& people_;
    Rooms& rooms_;
    Bans& bans_;
    const Tickets& tickets_;
    const Deposits& deposits_;
    Answers& answers_;
    Departures& departures_;
};

} // namespace chatd
