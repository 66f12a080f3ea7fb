// SPDX-License-Identifier: ISC
// Clients that are not in a room yet have so much time to get into one (login-timeout), or connections that
// never say anything would shut out everybody else. Run by the hub, since a handler may be as silent as its
// client.
#pragma once

#include "chatd/hub/departures.hh"
#include "chatd/hub/people.hh"
#include "chatd/settings.hh"
#include "common/loop.hh"

#include <chrono>

namespace chatd {

class Newcomers {
public:
    // Each question that is answered is worth as much time as there was at first, up to this many times that.
    static constexpr int most_times = 5;

    Newcomers(common::Loop& loop, const Settings& settings, People& people, Departures& departures)
        : loop_(loop), settings_(settings), people_(people), departures_(departures) {}

    // The client has connected: from now on its time runs. When it is over, the client is told and dismissed,
    // unless it is inside by then.
    void await(Client& client);
    // The same for one that an earlier hub had, whatever that had given it.
    void await_again(Client& client);
    // It has answered a question, rightly or not. An answer that is still held back or checked when the time
    // is over counts, too.
    static void note_answer(Client& client);

private:
    void wait(Client& client);
    void look_at(ClientNumber number);

    common::Loop& loop_;
    const Settings& settings_;
    People& people_;
    Departures& departures_;
};

// Until when a client that connected at this time, and had time until then, may take after one more answer.
common::Clock::time_point time_after_answer(common::Clock::time_point since, common::Clock::time_point until,
                                            std::chrono::seconds timeout);

} // namespace chatd
