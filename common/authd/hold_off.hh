// SPDX-License-Identifier: ISC
// Addresses whose logins keep failing, and how long each has to wait before it may try again: longer after
// each failure up to a limit, so that guessing gets slow, and never for good. Logic without descriptors or a
// clock of its own; used by authd.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace common {

class HoldOff {
public:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;
    struct Policy {
        unsigned free_failures = 3;         // the last of these begins the first wait
        std::chrono::seconds first{4};      // each further failure doubles it
        std::chrono::seconds max_wait{300}; // 0: nobody ever waits
    };
    // Addresses that are remembered at once; then those are forgotten first that would be forgotten first
    // anyway.
    static constexpr std::size_t max_addresses = 10'000;

    // How long the address still has to wait; 0: it may try. What is tried meanwhile is not to be counted, or
    // whoever goes on would be held off for ever.
    Clock::duration time_left(const std::string& address, Time now) const;

    // Counts a failed login; how long the address is held off from now on. It is forgotten when there was no
    // failure for as long as the longest wait. A success changes nothing: one account would let its owner
    // guess at all others.
    std::chrono::seconds note_failure(const std::string& address, Time now, const Policy& policy);

    std::size_t size() const { return by_address_.size(); }

private:
    struct Entry {
        unsigned failures = 0;
        Time until{}; // held off
        Time forget_at{};
    };
    void make_room(Time now);
    std::map<std::string, Entry> by_address_;
};

} // namespace common
