// SPDX-License-Identifier: ISC
// What ftpd is told: the options of its command line, and the settings of its configuration with the table of
// directives that fills them. Tests hold the tables against ftpd(8) and ftpd.conf(5).
#pragma once

#include "common/address.hh"
#include "common/daemon_settings.hh"
#include "common/options.hh"
#include "common/tls/tls_settings.hh"
#include "ftpd/access.hh"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace common {
struct AuthdSettings;
}

namespace ftpd {

// What every daemon of the suite takes, and -i.
struct FtpdOptions : common::DaemonOptions {
    bool one_client = false; // -i
};
// The table that fills options, which must outlive it.
std::vector<common::Option> ftpd_options(FtpdOptions& options);

inline constexpr mode_t default_umask = 022;
inline constexpr std::string_view main_user_directive = "parent-user";

// What the configuration says of data connections.
struct DataSettings {
    struct Ports {
        std::uint16_t first = 0; // 0: any
        std::uint16_t last = 0;
    };
    Ports passive_ports;
    std::optional<common::Address> passive_address; // given by PASV instead of ours; IPv4
    bool needs_resumed_tls = false; // a private one must resume the control connection's session
    bool trusts_ends = false;       // of a private one, though the client has not said itself that it was all
    std::chrono::seconds connect_timeout{}; // for setting up a data connection
};

// What a transfer over a data connection makes of line ends (RFC 959, section 3.1.1).
enum class TransferType { ascii, binary };

// Uploads into a folder, told in a room of chatd.
struct Announcement {
    std::string directory; // of the served tree, absolute; all that is beneath it
    std::string room;
    std::string control; // the path of chatd's control socket
};

// Who must use TLS (RFC 4217).
enum class TlsPolicy { off, offered, required, required_for_passwords };

struct Settings : common::DaemonSettings {
    std::string root; // the served folder, absolute: a daemon that detaches changes to /
    Rights anonymous; // what clients without an account may do
    // Given, or else made up: everybody's where there are no users, nobody's beside them.
    std::optional<Rights> anonymous_given;
    // The folder below root, as a path of the tree, that clients without an account are confined to; "/":
    // the whole tree. Empty until it is known whether it was given.
    std::string anonymous_root;
    common::TlsSettings tls;
    std::optional<TlsPolicy> tls_given;
    TlsPolicy tls_policy{}; // given, or else offered where there is a certificate
    DataSettings data;
    Limits limits; // of a login that has none of its own
    NamePolicy names;
    mode_t umask = default_umask;
    TransferType default_type{};        // of a client that has sent no TYPE
    bool sync = false;                  // 226 means on disk
    std::string xferlog;                // the transfer log; empty: none
    std::chrono::hours keep_partials{}; // how long an unfinished upload is kept; 0: for ever
    std::vector<Announcement> announcements;
    std::chrono::seconds stall_timeout{}; // for a peer that neither takes nor sends its bytes
    std::chrono::seconds stop_grace{};    // for transfers to finish at a stop

    // Whether anybody wants to know of a finished transfer.
    bool records_transfers() const {
        return log_level >= common::Severity::notice || !xferlog.empty() || !announcements.empty();
    }
};

// The rows fill settings, which must outlive the table.
std::vector<common::Directive> directive_table(Settings& settings);

// Settings from lines (and defaults for the rest). Throws common::UserError.
Settings make_settings(std::span<const common::ConfigLine> lines);

// What authd works with: `users' and what belongs to it.
common::AuthdSettings authd_settings(const Settings& settings);

} // namespace ftpd
