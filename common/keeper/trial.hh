// SPDX-License-Identifier: ISC
// A new version's main process on trial: executed by a keeper of the old version, it opens, as the user that
// this keeper runs as, what the configuration names now and the keeper does not have, and gives it to the
// keeper; then it is the main process as if that had forked it. Run in that process; trusts the keeper.
#pragma once

#include "common/config.hh"
#include "common/keeper/keeper.hh"
#include "common/keeper/paper.hh"

#include <functional>
#include <vector>

namespace common {

// What the program would start with.
struct Prepared {
    std::vector<ConfigLine> config;
    Plan plan;
    int log = -1; // the file that it has opened for its log
};

// prepare throws whatever is wrong with the configuration: the keeper is told. Returns the exit status.
int run_on_trial(const Paper& paper, const std::function<Prepared()>& prepare);

} // namespace common
