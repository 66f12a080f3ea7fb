// SPDX-License-Identifier: ISC
// How clients leave: their connection has ended, somebody ends it, or their handler misbehaves. In each
// case the rooms are told, the name is free, and a token keeps its place for a while, unless the client
// has quit or was expelled. Run by the hub.
#pragma once

#include "chatd/hub/budgets.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/hub/tickets.hh"
#include "chatd/protocol.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <functional>
#include <string_view>

namespace chatd {

class Departures {
public:
    struct Handlers {
        std::function<void(Client&)> kill;
        // Removes the client from the people. farewell: a frame that its handler is sent when what that rests
        // on stands in the logs and with the keeper; empty: none.
        std::function<void(Client&, std::string_view farewell)> release;
    };

    Departures(common::Loop& loop, common::Log& log, const Settings& settings, Rooms& rooms, Tickets& tickets,
               Budgets& budgets, Handlers handlers)
        : loop_(loop),
          log_(log),
          settings_(settings),
          rooms_(rooms),
          tickets_(tickets),
          budgets_(budgets),
          handlers_(std::move(handlers)) {}

    // Each of these ends the client: it is gone when they return.
    void end(Client& client);
    // Its handler is told why, but not before it is sure that the next hub, if this one dies, knows it, too;
    // words are the administrator's.
    void dismiss(Client& client, Farewell why, std::string_view words = {});
    // The same for good: its token is no longer valid.
    void expel(Client& client, Farewell why);
    // Kills its handler. why: for the log.
    void punish(Client& client, std::string_view why);

private:
    void end(Client& client, std::string_view farewell);
    void keep_place(const Client& client);

    common::Loop& loop_;
    common::Log& log_;
    const Settings& settings_;
    Rooms& rooms_;
    Tickets& tickets_;
    Budgets& budgets_;
    Handlers handlers_;
};

} // namespace chatd
