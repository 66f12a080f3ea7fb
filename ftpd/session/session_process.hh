// SPDX-License-Identifier: ISC
// How a forked child becomes a session. Used by ftpd's parent and by ftpd -i.
#pragma once

#include "common/fd.hh"
#include "common/privileges.hh"
#include "ftpd/settings.hh"

#include <optional>
#include <span>
#include <string>
#include <sys/types.h>

namespace ftpd {

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
