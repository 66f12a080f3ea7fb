// SPDX-License-Identifier: ISC
// What everybody from one address may do together, however often they come anew: what flood-per-address says
// of what others see and of reading the history, and how many wrong codes. Who has used it up is held off for
// a while, and never kept out. An address is what Address::network says. Clients of Unix sockets have none,
// and no budget. Run by the hub, since a handler may lie; without a clock of its own.
#pragma once

#include "chatd/hub/client.hh"
#include "chatd/settings.hh"

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace chatd {

class Budgets {
public:
    using Time = TokenBucket::Time;
    // Addresses that are remembered at once, of each kind. One that has its whole budget again is forgotten,
    // and where there are still too many the one that has most of it.
    static constexpr std::size_t max_addresses = 10'000;
    // Wrong codes: ten at once, and then one in six seconds.
    static constexpr FloodLimit wrong_codes{10, 60};

    explicit Budgets(const Settings& settings) : settings_(settings) {}

    // Whether there is one for what this client does.
    bool limits(const Client& client) const;
    // Takes what the client does, in lines; 0: it only waits for those of its address that did too much. How
    // long it is until all of it has come; zero: it was there.
    std::chrono::milliseconds take(const Client& client, double lines, Time now);
    // Whether nobody from there has taken anything for a while.
    bool is_untouched(const Client& client, Time now);

    // How long it is until a code of the client may be looked at; zero: now. A right one takes nothing.
    std::chrono::milliseconds until_code(const Client& client, Time now);
    void take_wrong_code(const Client& client, Time now);

    std::size_t size() const { return lines_.by_address.size() + codes_.by_address.size(); } // remembered

private:
    struct Kind {
        std::unordered_map<std::string, TokenBucket> by_address{};
        std::size_t tidy_at = 64; // so many of them
    };
    static TokenBucket& bucket_of(Kind& kind, const Client& client, const FloodLimit& limit, Time now);
    static void make_room(Kind& kind, const FloodLimit& limit, Time now);

    const Settings& settings_;
    Kind lines_, codes_;
};

} // namespace chatd
