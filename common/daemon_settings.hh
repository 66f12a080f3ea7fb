// SPDX-License-Identifier: ISC
// The settings that ftpd and chatd have in common, and the part of their directive tables that fills them.
#pragma once

#include "common/admission.hh"
#include "common/config.hh"
#include "common/log.hh"
#include "common/poller.hh"
#include "common/privileges.hh"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

inline constexpr unsigned client_ceiling = 16384; // what `max-clients 0' means; the ceiling of any daemon

struct DaemonSettings {
    std::vector<std::string> listen; // as given, as ListenPlace has it; looked up at the start
    std::string state;               // the state directory
    std::string control;             // the control socket's path
    unsigned max_clients = 0;
    AddressLimits per_address;
    bool refuses_when_full = false;      // clients beyond max_clients; else they wait
    std::chrono::seconds keepalive{};    // silence before a client's connection is probed; 0: the system's
    std::chrono::seconds idle_timeout{}; // 0: none
    std::string run_as;                  // for the children of a daemon that root started
    std::string main_user;               // and for the process that serves
    int nice = 0;
    bool needs_sandbox = false; // no start where processes cannot be shut in
    // How processes wait that have many descriptors, and a client's child, which has three or four: for so
    // few nothing is cheaper than poll, which has nothing to set up.
    Backend events = best_backend();
    Backend child_events = Backend::poll;
    std::string log;                       // stderr, syslog or a path; empty: as -d says
    std::string pid_file;                  // empty: none
    Severity log_level = Severity::notice; // the lowest severity that is logged
    std::string users;                     // the user file, suite-users(5); empty: none
    unsigned login_tries = 3;
    std::chrono::seconds login_holdoff{300}; // the longest; 0: none
    std::chrono::seconds login_timeout{60};  // for a client to come in; 0: none
};

// One of `listen': an address, and what those that connect there speak from their first byte on.
struct ListenPlace {
    // "ADDRESS:PORT", and behind it nothing, " irc", " tls" or " irc tls".
    explicit ListenPlace(const std::string& given);
    std::string address;
    bool is_irc = false, is_tls = false;
};

// What differs between the daemons.
struct DaemonDefaults {
    std::string_view daemon;
    std::string_view listen;
    std::string_view listen_arguments = "ADDRESS:PORT"; // or that with [irc], [tls]
    std::string_view idle_timeout;
    // The name and the help of the directive for the user of the process that serves.
    std::string_view main_user, main_user_help;
};

// The rows of the common directives; they fill settings, which must outlive the table.
std::vector<Directive> daemon_directives(DaemonSettings& settings, const DaemonDefaults& defaults);

// The users of a daemon that root started; none for another. known: by name, those that are not looked up.
// Throws UserError for one that cannot be used, and for one that is both.
struct DaemonUsers {
    Identity main, children;
};
std::optional<DaemonUsers> find_users(const DaemonSettings& settings, std::string_view main_directive,
                                      std::span<const Identity> known = {});

// Fills in what depends on other directives or on who runs the daemon: state and control.
void complete_settings(DaemonSettings& settings, const DaemonDefaults& defaults);

} // namespace common
