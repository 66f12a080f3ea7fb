// SPDX-License-Identifier: ISC
// What a start of either daemon would find wrong, looked at without binding, locking or making anything: a
// start does it first, and -n does nothing else, so that what is good is good for both, also beside a daemon
// that runs.
#pragma once

#include "common/address.hh"
#include "common/daemon_settings.hh"

#include <string>
#include <string_view>

namespace common {

// Throws UserError or std::system_error for the first fault: run-as and main_directive (DaemonDefaults), the
// state directory, the control socket, the listeners, the user file, the log, the pid file. Names of hosts
// are looked up, which may take seconds. daemon: whose user file it is.
void check_start(const DaemonSettings& settings, std::string_view daemon, std::string_view main_directive);

// The parts that serve one client alone (ftpd -i) needs, too: run-as and the user file.
void check_children(const DaemonSettings& settings, std::string_view daemon);

// Whether a socket can be made there; state: that folder is made. Throws UserError or std::system_error.
void check_socket_path(const Address& address, const std::string& state);

// Whether a file can be opened for appending, or made, by this process. Throws std::system_error.
void check_writable_file(const std::string& path);

} // namespace common
