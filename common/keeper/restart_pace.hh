// SPDX-License-Identifier: ISC
// When a main process that has died is started again, and when no more. Run by the keeper; without a clock of
// its own.
#pragma once

#include "common/loop.hh"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace common {

class RestartPace {
public:
    struct Limits {
        std::size_t deaths = 5;                     // so many in a row that were too early are enough
        std::chrono::milliseconds early{1000};      // after it was ready
        std::chrono::milliseconds first_pause{100}; // after the second of them; twice as long each time
        std::chrono::milliseconds longest_pause{5000};
        std::chrono::milliseconds excused_pause{1000};
    };

    RestartPace() = default;
    explicit RestartPace(Limits limits) : limits_(limits) {}
    // The one that runs now serves.
    void tell_ready(Clock::time_point now);
    // Its end, which follows, is no fault of its own: it counts for nothing, and is followed by a pause.
    void excuse() { is_excused_ = true; }
    // It has ended so. How long to wait before the next is started; no value: it has died too often.
    std::optional<std::chrono::milliseconds> die(Clock::time_point now, std::string how);
    // How each of the last in a row has ended that were too early; commas between them.
    std::string early_ends() const;

private:
    Limits limits_{};
    std::optional<Clock::time_point> ready_;
    std::vector<std::string> early_;
    bool is_excused_ = false;
};

} // namespace common
