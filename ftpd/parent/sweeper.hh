// SPDX-License-Identifier: ISC
// Removes what sessions that broke off or crashed have left in the served tree, once nobody has gone on with
// it for long enough (keep-partials). A process of its own, forked by the parent at its start and once a day,
// shut in like a session. Trusts nothing in the tree.
#pragma once

#include "common/fd.hh"
#include "ftpd/settings.hh"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <sys/types.h>

namespace ftpd {

// Removes the unfinished uploads beneath root that were last written before oldest and that no session holds;
// follows no link. What cannot be looked at or removed is left. The number removed.
std::size_t sweep_partials(int root, std::time_t oldest);

struct Sweeper {
    pid_t pid;
    common::Fd pair; // on which it sends notes, as sessions do
};
// Forks the sweeper. let_go: called in the child for what is the parent's alone. No value: no process was to
// be had. Throws std::system_error.
std::optional<Sweeper> start_sweeper(const Settings& settings, const std::function<void()>& let_go);

} // namespace ftpd
