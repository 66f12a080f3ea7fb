// SPDX-License-Identifier: ISC
// Who collects the processes that a child of this one has left behind when it ended. Run by the keeper.
#pragma once

namespace common {

// From now on they are this process's own children, prctl(2) PR_SET_CHILD_SUBREAPER; not those of the
// processes that it forks. What POSIX alone has: they are the system's, and nobody hears how they end. Throws
// std::system_error.
void become_subreaper();

} // namespace common
