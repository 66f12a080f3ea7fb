// SPDX-License-Identifier: ISC
#include "tests/idle.hh"

#include <fstream>

namespace tests {

bool Idle::has_room(Clock::time_point now) {
    if (now - looked_ < span) return false;
    looked_ = now;
    const Times times = read();
    const std::uint64_t idle = times.idle - before_.idle, all = times.all - before_.all;
    before_ = times;
    return 2 * idle > all;
}

// The first line: `cpu', then user, nice, system, idle, and others that are not idle. What runs nicely gives
// way.
Idle::Times Idle::read() const {
    std::ifstream stat{stat_};
    std::string name;
    stat >> name;
    Times times;
    std::uint64_t ticks = 0;
    constexpr int columns = 8, nice = 1, idle = 3; // what follows is counted in these already
    for (int column = 0; column < columns && stat >> ticks; ++column) {
        times.all += ticks;
        if (column == nice || column == idle) times.idle += ticks;
    }
    return times;
}

} // namespace tests
