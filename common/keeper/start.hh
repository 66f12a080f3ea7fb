// SPDX-License-Identifier: ISC
// How a daemon's program starts: for the first time, out of its terminal; or executed by a keeper, on trial
// as the main process of a new version or in the keeper's own place. Run before there is a keeper.
#pragma once

#include "common/daemon_settings.hh"
#include "common/keeper/executable.hh"
#include "common/keeper/paper.hh"
#include "common/keeper/plan.hh"
#include "common/log.hh"
#include "common/options.hh"

#include <functional>
#include <optional>
#include <vector>

namespace common {

struct Startup {
    Duties duties;
    // Takes the configuration, for duties.make_plan; throws UserError. In the folder where the program was
    // started: what is relative means that.
    std::function<const DaemonSettings&(Duties::Lines lines)> read;
    // What would be in the way of a start; throws it, or returns what is none. At a first start, and on
    // trial.
    std::function<std::vector<Note>()> check;
};

// The exit status, after the daemon's end. paper: take_paper's. options and invocation must outlive this.
int start_daemon(const Startup& startup, const DaemonOptions& options, const Invocation& invocation,
                 std::optional<Paper> paper);

} // namespace common
