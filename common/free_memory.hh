// SPDX-License-Identifier: ISC
// Memory that was freed, and is held for what comes next. Run by processes of which there is one for each
// client, and by those that fork them. What POSIX alone has: nothing is done.
#pragma once

namespace common {

// Whole pages of it go back to the system, malloc_trim(3).
void give_back_free_memory() noexcept;

// In a process that will fork many: all that is free between what is in use stays unused for good. What each
// child allocates lies together then, behind all that it shares with its parent; else it would be strewn over
// the pages of both, and each page that a child writes to becomes a copy of its own.
void use_up_free_memory() noexcept;

} // namespace common
