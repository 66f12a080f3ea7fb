// SPDX-License-Identifier: ISC
// authd as a process: what it lets go of before it serves, and how a keeper starts it. Run by whoever starts
// one, and in authd itself.
#pragma once

#include "common/authd/authd.hh"
#include "common/daemon_settings.hh"
#include "common/fd.hh"
#include "common/keeper/keeper.hh"

#include <optional>
#include <string>

namespace common {

// The user file's own path, whatever links lead to it; empty for none. Throws std::system_error or UserError
// when it cannot be opened; one that was opened a moment ago keeps its path then.
std::string real_user_file(const std::string& path, bool was_opened = false);

// The process's body: settings.users as AuthdLink has it; but with settings.open_users authd can open no file
// at all. Its descriptors are 0 to 2, what open_users needs and the pair with the main process. Returns the
// exit status.
int run_authd(AuthdSettings settings, Fd pair);

// Has the keeper of this plan run authd, which asks it for the user file; as the user of the process that
// serves, if root started the daemon.
void add_authd(Plan& plan, AuthdSettings authd, const std::optional<DaemonUsers>& users);

} // namespace common
