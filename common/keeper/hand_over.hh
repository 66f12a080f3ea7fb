// SPDX-License-Identifier: ISC
// What root's keeper gives to the user that the daemon's main process becomes. Run by the keeper at a start.
#pragma once

#include "common/privileges.hh"

#include <string>

namespace common {

// The state directory, whatever in it is root's (a daemon that was root before has left it so), and the
// control socket belong to the user from now on. Follows no link, and leaves what has another name elsewhere:
// the user who has the directory puts nothing of root's there. The lock's file stays root's. Throws
// std::system_error, and UserError where the user cannot reach the directory.
void hand_over(const std::string& state, const std::string& control, const Identity& owner);

} // namespace common
