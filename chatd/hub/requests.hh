// SPDX-License-Identifier: ISC
// What handlers send: one table tells which frame is for which state, and what does it. A handler may have
// been taken over, so a frame that no sound handler would send ends it. A client that says too much, or whose
// address does or sent many wrong codes, waits for its answer, and so does everything else that it has sent:
// it is slowed down, and nothing is lost. Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/budgets.hh"
#include "chatd/hub/departures.hh"
#include "chatd/hub/entry.hh"
#include "chatd/hub/ignores.hh"
#include "chatd/hub/lists.hh"
#include "chatd/hub/moderation.hh"
#include "chatd/hub/names.hh"
#include "chatd/hub/newcomers.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/resumption.hh"
#include "chatd/hub/segments.hh"
#include "chatd/hub/speech.hh"
#include "chatd/hub/turn.hh"
#include "chatd/settings.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <chrono>
#include <cstdint>
#include <utility>

namespace chatd {

class Requests {
public:
    // What does what is asked.
    struct Parts {
        Names& names;
        Entry& entry;
        Resumption& resumption;
        Speech& speech;
        Segments& segments;
        Moderation& moderation;
        Lists& lists;
        Ignores& ignores;
    };

    Requests(common::Loop& loop, common::Log& log, const Settings& settings, People& people, Rooms& rooms,
             Answers& answers, Departures& departures, Budgets& budgets, const Parts& parts)
        : loop_(loop),
          log_(log),
          settings_(settings),
          people_(people),
          rooms_(rooms),
          answers_(answers),
          departures_(departures),
          budgets_(budgets),
          parts_(parts) {}

    // This hub's number, which `here' tells that has heard of it.
    void set_generation(std::uint32_t hub) { generation_ = hub; }
    // on_turn hears whom the hub works for.
    void tell_turns(Turn::OnTurn on_turn) { on_turn_ = std::move(on_turn); }
    // Reads what the client's pair brings, as much as is one client's share of a round; also its end.
    void read(ClientNumber number);

private:
    struct Rule;

    void take(Client& client, Packet packet, bool is_cut);
    void handle(Client& client, Packet packet);
    bool ends_waiting(Client& client, Packet packet);
    void note_serial(Client& client, Packet packet);
    void run(Client& client, const Rule& rule, Packet packet);
    void pass(Client& client, const Rule& rule, Packet packet, SlowedBy from);
    template <class Work>
    void answer_in_rooms(Client& client, const Work& work);
    std::chrono::milliseconds time_at(SlowedBy limit, Client& client, const Rule& rule, Packet packet);
    void hold_back(Client& client, Packet packet, std::chrono::milliseconds time, SlowedBy why);
    void release(ClientNumber number);
    void lose_handler(Client& client);

    common::Loop& loop_;
    common::Log& log_;
    const Settings& settings_;
    People& people_;
    Rooms& rooms_;
    Answers& answers_;
    Departures& departures_;
    Budgets& budgets_;
    Parts parts_;
    std::uint32_t generation_ = 0;
    Turn::OnTurn on_turn_ = [](ClientNumber) {};
};

} // namespace chatd
