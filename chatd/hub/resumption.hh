// SPDX-License-Identifier: ISC
// How a client takes its place again after its connection broke: with a token, and what it tells of how far
// it came. Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/bans.hh"
#include "chatd/hub/budgets.hh"
#include "chatd/hub/departures.hh"
#include "chatd/hub/ignores.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/hub/tickets.hh"
#include "chatd/settings.hh"

#include <string_view>

namespace chatd {

class Resumption {
public:
    Resumption(const Settings& settings, People& people, Rooms& rooms, const Bans& bans, Tickets& tickets,
               Answers& answers, Deposits& deposits, Departures& departures, Ignores& ignores,
               Budgets& budgets)
        : settings_(settings),
          people_(people),
          rooms_(rooms),
          bans_(bans),
          tickets_(tickets),
          answers_(answers),
          deposits_(deposits),
          departures_(departures),
          ignores_(ignores),
          budgets_(budgets) {}

    // A new one, unless resume-time is 0. before: the one that it came with.
    void give_token(Client& client, std::string_view before = {});
    // The one that it was given by an earlier hub, which may have been lost.
    void repeat_token(const Client& client);
    // What nobody asks for and an earlier hub may not have got rid of: whom it ignores, and those who ignore
    // it, are known by which numbers, and which of its rooms are closed.
    void tell_again(const Client& client);
    // One that has come back, and whose lines are in the logs of its rooms: tells it who it is.
    void welcome(Client& client);

    // Requests of clients.
    void on_resume(Client& client, Packet packet);
    void on_counted(Client& client, Packet packet);
    void on_seen(Client& client, Packet packet);
    void on_here(Client& client, Packet packet);

private:
    struct Told; // how far the client says it came

    bool can_look(const Tickets::Ticket& ticket) const;
    void refuse_unknown(Client& client);
    void restore(Client& client, const Tickets::Ticket& ticket, const Told& told);

    const Settings& settings_;
    People& people_;
    Rooms& rooms_;
    const Bans& bans_;
    Tickets& tickets_;
    Answers& answers_;
    Deposits& deposits_;
    Departures& departures_;
    Ignores& ignores_;
    Budgets& budgets_;
};

} // namespace chatd
