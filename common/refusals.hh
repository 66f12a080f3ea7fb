// SPDX-License-Identifier: ISC
// The clients that were turned away, as the log has them: the first from an address at once, and those that
// follow summed up, so that one address cannot fill the log. Logic alone: whoever holds it has the clock. Run
// by a daemon's parent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace common {

class Refusals {
public:
    static constexpr std::size_t max_addresses = 1000; // that are told apart; others are summed up together

    // Counts one. True: it is the first for a while from this address, and has a line of its own in the log.
    bool add(const std::string& address, std::string_view why);
    // Of all that were counted and not told: "refuse 10.0.0.7: 8992 more: WHY", by the latest reason. To be
    // called at intervals while there are any; an address with none since the last time is forgotten.
    std::vector<std::string> take();
    bool empty() const { return by_address_.empty() && others_ == 0; }

private:
    struct Tally {
        std::uint64_t untold = 0;
        std::string why{};
    };
    std::map<std::string, Tally> by_address_;
    std::uint64_t others_ = 0; // of addresses beyond max_addresses
};

} // namespace common
