// SPDX-License-Identifier: ISC
// Who a client is: its name, a change of it, the password of a name that has one, and how it becomes an
// operator. Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/bans.hh"
#include "chatd/hub/departures.hh"
#include "chatd/hub/ignores.hh"
#include "chatd/hub/passwords.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/hub/tickets.hh"
#include "chatd/hub/witnesses.hh"
#include "chatd/settings.hh"
#include "common/log.hh"

#include <optional>
#include <string>

namespace chatd {

class Names {
public:
    Names(common::Log& log, const Settings& settings, People& people, Rooms& rooms, const Bans& bans,
          Tickets& tickets, Answers& answers, Departures& departures, Passwords& passwords, Ignores& ignores,
          Witnesses& witnesses)
        : log_(log),
          settings_(settings),
          people_(people),
          rooms_(rooms),
          bans_(bans),
          tickets_(tickets),
          answers_(answers),
          departures_(departures),
          passwords_(passwords),
          ignores_(ignores),
          witnesses_(witnesses) {}

    // Why the client may not have this name; no value: it may, if the name has no password.
    std::optional<Refusal> refuse(const Client& client, const std::string& name) const;

    // Requests of clients.
    void on_name(Client& client, Packet packet);
    void on_login(Client& client, Packet packet);
    void on_nick(Client& client, Packet packet);
    void on_oper(Client& client, Packet packet);
    // Which account it has, whatever it is called then; and what it says of itself.
    void on_authenticate(Client& client, Packet packet);
    void on_describe(Client& client, Packet packet);

private:
    void take(Client& client, const std::string& name, bool is_operator);
    void take_back(Client& client, const std::string& name, bool is_operator);
    void rename(Client& client, const std::string& name);

    common::Log& log_;
    const Settings& settings_;
    People& people_;
    Rooms& rooms_;
    const Bans& bans_;
    Tickets& tickets_;
    Answers& answers_;
    Departures& departures_;
    Passwords& passwords_;
    Ignores& ignores_;
    Witnesses& witnesses_;
};

} // namespace chatd
