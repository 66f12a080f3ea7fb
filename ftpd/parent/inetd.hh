// SPDX-License-Identifier: ISC
// ftpd -i: one client, on standard input and output, for inetd(8) and for `ssh HOST ftpd -i'. This process is
// the session's parent, as ftpd/parent/parent.hh is of many: it keeps the log and never takes a client's byte
// for more than a byte. If standard input is not a socket, it carries the bytes between it and the session.
#pragma once

#include "common/log.hh"
#include "ftpd/settings.hh"

namespace ftpd {

// Returns the exit status: 0 if the session ended in order, on either side; 1 if a signal killed it.
int serve_standard_input(const Settings& settings, common::Log& log);

} // namespace ftpd
