// SPDX-License-Identifier: ISC
// What is left of root's rights to a process that is no client's and makes clients' processes: ftpd's parent
// and chatd's spawner. On Linux that is to change user and group, to chroot and to signal them,
// capabilities(7); where rights have no parts, such a process stays root.
#pragma once

#include "common/privileges.hh"

namespace common {

// This process becomes the user for good, but keeps these rights; only root may. What POSIX alone has: it
// stays root. Throws as become.
void become_maker_of_children(const Identity& identity);

// In a child of such a process, which has become its own user or is about to: none of these rights is left,
// now or later. Nothing where there was none, or where rights have no parts.
void give_up_childrens_rights();

} // namespace common
