// SPDX-License-Identifier: ISC
// Reading the configuration again, one time after the other: it is read and opened, the main process is given
// it, and what that says decides which one is in force. Run by the keeper.
#pragma once

#include "common/config.hh"
#include "common/keeper/holdings.hh"
#include "common/keeper/keeper_pair.hh"
#include "common/keeper/paper.hh"
#include "common/keeper/plan.hh"
#include "common/log.hh"
#include "common/options.hh"

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace common {

// Packets for each line of a configuration, at the most: the line, what it opens, what is said of it.
inline constexpr std::size_t packets_for_line = 8;

class Reloads {
public:
    struct Coming {
        std::vector<ConfigLine> config;
        Plan plan;
    };
    struct Callbacks {
        std::function<bool()> may_begin;   // nothing else is under way that it would be in the way of
        std::function<KeeperPair*()> main; // the pair with the main process; nullptr: none runs
        std::function<void(Coming)> put_in_force;
    };

    // All must outlive this. config: what is in force.
    Reloads(const Duties& duties, const DaemonOptions& options, const std::vector<ConfigLine>& config,
            const Plan& plan, Holdings& holdings, Log& log, Callbacks callbacks)
        : duties_(duties),
          options_(options),
          config_(config),
          plan_(plan),
          holdings_(holdings),
          log_(log),
          callbacks_(std::move(callbacks)) {}

    // asked: by the main process; else by a signal, of which one that waits is enough. Throws PeerError for
    // too many.
    void ask(bool asked);
    // What waits, if it can.
    void go_on();
    bool is_under_way() const { return coming_.has_value(); }
    // The main process has said whether it is in force. Throws PeerError when it was given none.
    void on_applied(bool in_force);
    // The main process has ended, and with it what it has asked for.
    void on_main_end();

    // What waits, for the keeper that follows this one; and there.
    void write(Paper& paper) const { paper.reloads.assign(waiting_.begin(), waiting_.end()); }
    void take_over(const Paper& paper);

private:
    void read(bool asked);

    const Duties& duties_;
    const DaemonOptions& options_;
    const std::vector<ConfigLine>& config_;
    const Plan& plan_;
    Holdings& holdings_;
    Log& log_;
    Callbacks callbacks_;
    std::optional<Coming> coming_; // until the main process has applied it
    std::deque<bool> waiting_;     // true: the main process has asked
};

} // namespace common
