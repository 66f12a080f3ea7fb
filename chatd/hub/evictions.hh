// SPDX-License-Identifier: ISC
// Whom an upgrade leaves without a place: clients whose handlers are too old for this hub, members of rooms
// that the configuration no longer has, and clients that came in where it listens no more. Each is told, and
// leaves in order. Run by the hub: for the first when it takes over, for the others when the new version is
// there to stay.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/departures.hh"
#include "chatd/hub/handler_pool.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/settings.hh"
#include "common/log.hh"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

class Evictions {
public:
    // listens_at: whether this is the label of a listener that there is.
    Evictions(common::Log& log, const Settings& settings, People& people, Rooms& rooms, Answers& answers,
              Departures& departures, std::function<bool(std::string_view label)> listens_at)
        : log_(log),
          settings_(settings),
          people_(people),
          rooms_(rooms),
          answers_(answers),
          departures_(departures),
          listens_at_(std::move(listens_at)) {}

    // Why this hub cannot go on with all clients of the one before, and what to do; empty: it can.
    std::string explain_too_old() const;
    // They are told to come again. hub: the number of this one.
    void let_too_old_go(std::uint32_t hub);

    // The rooms that the configuration no longer has are closing from now on; before anybody leaves them,
    // that is deposited.
    void begin_closing();
    // All leave the rooms that are closing; whoever is in no other, and needs one, leaves the chat. No batch
    // may be there.
    void empty_closing_rooms();
    void let_go_of_listeners();

private:
    std::vector<ClientNumber> find(const std::function<bool(const Client&)>& wanted) const;
    void lose_room(Client& client, Room& room);

    common::Log& log_;
    const Settings& settings_;
    People& people_;
    Rooms& rooms_;
    Answers& answers_;
    Departures& departures_;
    std::function<bool(std::string_view)> listens_at_;
};

} // namespace chatd
