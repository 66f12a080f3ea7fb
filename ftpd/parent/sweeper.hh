// SPDX-License-Identifier: ISC
// Removes the unfinished uploads that sessions have left in the served tree, once they have not been
// continued for long enough (keep-partials), and the files that an upload has replaced, where its session
// died before it could (ftpd/session/replacement.hh). A process of its own, started by the keeper at the
// daemon's start and once a day, shut in like a session; it ends when the parent does. Trusts nothing in the
// tree.
#pragma once

#include "common/fd.hh"

#include <cstddef>
#include <ctime>
#include <functional>

namespace ftpd {

struct Settings;

// Removes the unfinished uploads beneath root that were last written before oldest and that no session holds,
// and what uploads replaced before oldest_replaced; follows no link. What cannot be looked at or removed is
// left. The number of unfinished uploads that were removed. is_over: asked now and then; then it stops there.
std::size_t sweep_partials(int root, std::time_t oldest, std::time_t oldest_replaced,
                           const std::function<bool()>& is_over);

// The process's body; its descriptors are 0 to 2 and its end of a pair with the parent, which brings lines
// for the log as sessions' do. The exit status.
int run_sweeper(const Settings& settings, common::Fd pair);

} // namespace ftpd
