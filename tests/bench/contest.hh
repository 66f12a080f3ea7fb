// SPDX-License-Identifier: ISC
// Measuring several servers at the same work so that what else the machine does falls on all of them: each is
// measured once without being counted, then all of them in turn, as many rounds as are wanted.
#pragma once

#include "tests/bench/samples.hh"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Contender {
    std::string_view row;
    std::string subject;
    std::function<double()> measure; // a throw takes it out of the contest, with a note of what it said
};

enum class Work { of_servers, of_ours }; // of servers: a note says when the generator was busy all the time

// Writes each result to the samples' file as it comes.
void hold_contest(Samples& samples, const std::vector<Contender>& contenders, int rounds,
                  Work work = Work::of_servers);

// Each once, without warming up: for what cannot be repeated.
void measure_once(Samples& samples, const std::vector<Contender>& contenders);

// What one client does once, or a few times; returns how often. It is made by the client's own
// thread, before the clock starts.
using Step = std::function<std::size_t()>;

// Steps a second of all clients together, each in a thread of its own, for the time given.
double rate_of_clients(unsigned clients, std::chrono::milliseconds duration,
                       const std::function<Step(unsigned client)>& make_client);

} // namespace bench
