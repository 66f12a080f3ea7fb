// SPDX-License-Identifier: ISC
// Whether a new client may come in: the limits per address of both daemons, and how many clients there may
// be. An address is what Address::network says, so that nobody has more by changing the last bits of one of
// IPv6. Run by a daemon's parent; without descriptors or clocks of its own.
#pragma once

#include "common/poller.hh"

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

// The last tenth of the places is for addresses with fewer clients than this: else a few addresses, each
// within its limit, could take all of them.
inline constexpr std::size_t few_clients = 3;
// Whether that keeps out a client from an address that has so many here now, where there are so many in all
// and may be at most `most'. No value: it does not.
std::optional<std::string> refuse_last_places(const std::string& address, std::size_t present,
                                              std::size_t clients, std::size_t most);

// How many clients a daemon's parent can have at once: as many as it was started for, as it has descriptors,
// and as its backend can watch. Each client takes one descriptor there, the parent's end of its pair.
class Capacity {
public:
    // at_start: clients that there is room for. descriptors: that the process may have. own: those of them
    // that are not clients'.
    Capacity(std::size_t at_start, Backend backend, std::size_t descriptors, std::size_t own);

    // After a change of how many are not clients'.
    void set_own(std::size_t own);
    std::size_t clients(std::size_t wanted) const { return wanted < ceiling_ ? wanted : ceiling_; }
    // "max-clients is 991, not 1000: select knows only 1024 descriptors"; no value when there is room for
    // all.
    std::optional<std::string> explain(std::size_t wanted) const;

private:
    std::size_t at_start_;
    Backend backend_;
    std::size_t descriptors_; // that the process may have, or its backend knows
    std::size_t ceiling_;
};

} // namespace common
