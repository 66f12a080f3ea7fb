// SPDX-License-Identifier: ISC
// Which part of a room's log a member's handler is given to read, as a descriptor that is open for reading
// only. Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/departures.hh"
#include "chatd/hub/room.hh"
#include "chatd/settings.hh"
#include "common/log.hh"

#include <cstdint>
#include <optional>

namespace chatd {

class Segments {
public:
    Segments(common::Log& log, const Settings& settings, Answers& answers, Departures& departures)
        : log_(log), settings_(settings), answers_(answers), departures_(departures) {}

    // For the client to read from there; the offset is 0 when only a later segment is left. No value: it
    // cannot be opened, and the client was dismissed.
    struct Opened {
        common::Fd fd;
        Position from;
    };
    std::optional<Opened> open(Client& client, const Room& room, const Position& from);

    // Requests of members.
    void on_next(Client& client, Packet packet);
    void on_find(Client& client, Packet packet);

private:
    void send(Client& client, const Room& room, const Position& from);

    common::Log& log_;
    const Settings& settings_;
    Answers& answers_;
    Departures& departures_;
};

} // namespace chatd
