// SPDX-License-Identifier: ISC
// How a forked child becomes a session. Used by ftpd's parent and by ftpd -i.
#pragma once

#include "common/fd.hh"
#include "common/privileges.hh"
#include "common/sandbox.hh"
#include "ftpd/settings.hh"

#include <optional>
#include <span>
#include <string>
#include <sys/types.h>

namespace common {
struct AuthdSettings;
}

namespace ftpd {

// The user that sessions run as: none unless root started us. Throws UserError.
std::optional<common::Identity> find_identity(const Settings& settings);
// Of `users' and what belongs to it.
common::AuthdSettings authd_settings(const Settings& settings);
// The served folder. Throws std::system_error.
common::Fd open_root(const Settings& settings);

// Shuts this process in the tree beneath root for good, as an ordinary user and with what limits it needs: as
// far as who runs it and the system allow. False where the system cannot restrict files (common/sandbox.hh).
// What that leaves to somebody who has taken it over is in ftpd(8), and a test holds it to that.
bool shut_in(int root, const std::optional<common::Identity>& identity, common::TreeAccess access);

// In the child: closes every descriptor but 0 to 2 and these, shuts itself in the tree as far as user and
// system allow, and serves the client to its end. page: the session's own status page.
struct SessionParts {
    common::Fd client, pair, root;
    common::Fd authd; // its end of a pair with authd; none: nobody has a password
    std::span<std::byte> page;
    std::string user{}; // that the session runs as, for the log
};
[[noreturn]] void run_session_process(const Settings& settings,
                                      const std::optional<common::Identity>& identity, SessionParts parts);

} // namespace ftpd
