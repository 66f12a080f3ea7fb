// SPDX-License-Identifier: ISC
// Who collects the processes that a child of this one has left behind when it ended. Run by the keeper.
#pragma once

namespace common {

// Whether the system has such a thing. What POSIX alone has: those processes are the system's, and nobody
// hears how they end, nor can safely signal them.
bool has_subreapers();

// From now on they are this process's own children, prctl(2) PR_SET_CHILD_SUBREAPER; not those of the
// processes that it forks. Nothing where there are none. Throws std::system_error.
void become_subreaper();

} // namespace common
