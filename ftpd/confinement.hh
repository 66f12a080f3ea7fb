// SPDX-License-Identifier: ISC
// How a process of ftpd that works in the served tree is shut in it: as which user, beneath which folder,
// with what left to it. Run by the parent at its start, and in the children that it forks: sessions and the
// sweeper.
#pragma once

#include "common/fd.hh"
#include "common/privileges.hh"
#include "common/sandbox.hh"

#include <optional>

namespace ftpd {

struct Settings;

// The user that sessions run as: none unless root started us. Throws UserError.
std::optional<common::Identity> find_identity(const Settings& settings);
// The served folder. Throws std::system_error.
common::Fd open_root(const Settings& settings);
// The same with what rights a session has before it is shut in: those of the process that forks it, and where
// they do not do, those of its own user.
common::Fd open_root(const Settings& settings, const std::optional<common::Identity>& identity);

// Shuts this process in the tree beneath root for good, as an ordinary user and with the limits it needs, as
// far as its user and the system allow. False where the system cannot restrict files (common/sandbox.hh).
// What an attacker who has taken it over can still do is in ftpd(8), and tested.
bool shut_in(int root, const std::optional<common::Identity>& identity, common::TreeAccess access);

} // namespace ftpd
