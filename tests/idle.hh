// SPDX-License-Identifier: ISC
// How busy the machine's processors are, for the runner: most tests wait for a deadline of a daemon, and many
// of these can wait at the same time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace tests {

class Idle {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds span{100}; // of one look

    // stat: a file as /proc/stat is one (proc(5)); where there is none there is never room.
    explicit Idle(std::string stat = "/proc/stat") : stat_(std::move(stat)) {}

    // Whether more than half of the time since the last look was idle, or went to what runs with nice(1),
    // which makes room. A look is at least a span long, and until then the answer is no.
    bool has_room(Clock::time_point now = Clock::now());

private:
    struct Times {
        std::uint64_t idle = 0, all = 0; // ticks of all processors, since the machine's start
    };
    Times read() const;

    std::string stat_;
    Times before_ = read();
    Clock::time_point looked_ = Clock::now();
};

} // namespace tests
