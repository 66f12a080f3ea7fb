// SPDX-License-Identifier: ISC
// Whether a new client may come in: the limits per address of both daemons, without descriptors or clocks of
// its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace common {

struct AddressLimits {
    unsigned max_per_address = 100; // clients at once from one address; 0: no limit
    unsigned connect_rate = 50;     // new clients from one address in a second; 0: no limit
};

class Admission {
public:
    using Time = std::chrono::steady_clock::time_point;

    // Counts this arrival. No value: come in; else why not, in words for the client that name the limit.
    // present: clients from this address that are here now.
    std::optional<std::string> refuse(const std::string& address, std::size_t present, Time now,
                                      const AddressLimits& limits);

private:
    // Arrivals of the current second; emptied with it, so it holds no more than came in one second.
    std::map<std::string, unsigned> arrivals_;
    Time second_{};
};

} // namespace common
