// SPDX-License-Identifier: ISC
// Coming into rooms and leaving them: what a code leads into, what a wrong one gets, and the rooms that
// clients make. Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/bans.hh"
#include "chatd/hub/budgets.hh"
#include "chatd/hub/passwords.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/resumption.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/hub/segments.hh"
#include "chatd/hub/witnesses.hh"
#include "chatd/settings.hh"
#include "common/log.hh"

#include <string_view>

namespace chatd {

class Entry {
public:
    Entry(common::Log& log, const Settings& settings, People& people, Rooms& rooms, const Bans& bans,
          Answers& answers, Passwords& passwords, Segments& segments, Resumption& resumption,
          Budgets& budgets, Witnesses& witnesses)
        : log_(log),
          settings_(settings),
          people_(people),
          rooms_(rooms),
          bans_(bans),
          answers_(answers),
          passwords_(passwords),
          segments_(segments),
          resumption_(resumption),
          budgets_(budgets),
          witnesses_(witnesses) {}

    // Whether the frame, an enter, may be a try at somebody's code; what opens a room without one is none.
    bool is_guess(const Client& client, Packet packet) const;

    // Requests of clients.
    void on_enter(Client& client, Packet packet);
    void on_leave(Client& client, Packet packet);
    void on_quit(Client& client, Packet packet);

    // Answers a client that waited for a room's batch: to enter, or to have said something.
    void settle(const Rooms::Settled& settled);
    // The answer that an earlier hub gave to the last request, and that may have been lost with it.
    void repeat(Client& client);

private:
    struct Wish; // what the frame says
    // Where the words lead, or why they lead nowhere, where that is not a wrong code.
    struct Found {
        Room* room = nullptr;
        std::optional<Refusal> why{};
    };
    Found find_room(const Client& client, std::string_view name, std::string_view code);
    Found make_room(const Client& client, std::string_view name, std::string_view code);
    void enter(Client& client, Room& room);
    void enter_by_hash(Client& client, std::string_view name, std::string_view code);
    bool is_guess(const Client& client, std::string_view name, std::string_view code) const;
    void refuse_code(Client& client, bool was_guess);
    void let_in(Client& client, Room& room, const Rooms::Waiting& waiting);
    void repeat_entry(Client& client, const std::string& frame);

    common::Log& log_;
    const Settings& settings_;
    People& people_;
    Rooms& rooms_;
    const Bans& bans_;
    Answers& answers_;
    Passwords& passwords_;
    Segments& segments_;
    Resumption& resumption_;
    Budgets& budgets_;
    Witnesses& witnesses_;
};

} // namespace chatd
