// SPDX-License-Identifier: ISC
// ftpd's parent: accepts clients, forks a session for each, reaps them, enforces the limits, serves the
// control socket and keeps the log. It never reads a byte from a client, and trusts nothing its sessions post
// or send. Where it dies, or hands over to another version, the keeper starts another, which goes on with the
// same sessions.
#pragma once

#include "common/acceptor.hh"
#include "common/authd/authd_link.hh"
#include "common/error_lines.hh"
#include "common/log.hh"
#include "common/privileges.hh"
#include "common/service.hh"
#include "common/tls/tls_link.hh"
#include "ftpd/parent/kept_pages.hh"
#include "ftpd/parent/records.hh"
#include "ftpd/parent/served_root.hh"
#include "ftpd/parent/sessions.hh"
#include "ftpd/settings.hh"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

struct SessionParts;

// Labels of its own, beside the keeper's.
inline constexpr std::string_view label_of_xferlog = "xferlog", label_of_authd = "authd",
                                  label_of_sweeper = "sweeper",
                                  label_of_announcement = "announce "; // and the path of a control socket

class Parent {
public:
    // Takes from keeper what was opened for it. identity: whom the sessions become; none unless root started
    // us.
    Parent(common::KeeperLink& keeper, Settings settings, std::optional<common::Identity> identity,
           common::Log& log);

    // Tells the keeper where it listens, and serves until it is told to stop or to hand over. Returns the
    // exit status: 1 if this version cannot go on with the sessions that there are.
    int run(bool foreground);

private:
    std::vector<common::ControlVerb> control_verbs();
    common::Service::Duties duties();
    std::vector<std::string> who() const;
    std::vector<std::string> stats() const;
    std::vector<std::string> top() const;
    // Ends the sessions of a pid, an address or a user. Throws common::UserError when there are none.
    std::vector<std::string> kick(const std::string& whom);
    void apply(common::Service::Lines config);
    void take(common::Given given);

    void start_session(common::Accepted client);
    [[noreturn]] void run_session(SessionParts parts, std::size_t page);
    std::string address_for_url(const common::Fd& client) const;
    void update_acceptor();
    void take_over();
    void on_stay();
    void hand_over();
    void stop();
    void let_commands_finish();
    // Serves until it is enough, or the time is up.
    void wait_until(std::chrono::seconds limit, const std::function<bool()>& is_enough);

    Settings settings_;
    common::Log& log_;
    common::Service service_;
    std::optional<common::Identity> identity_;
    ServedRoot root_;
    common::Fd xferlog_; // that a reload has opened, until that is applied
    KeptPages pages_;
    Records records_;
    Sessions sessions_;
    common::Acceptor acceptor_;
    std::optional<common::AuthdLink> authd_; // only with a user file
    std::optional<common::TlsLink> tls_;     // only with a certificate
    common::Watch sweeper_;                  // its pair, while it works
    common::ErrorLines sweeper_errors_;
    std::string why_unable_; // to go on with the sessions that there are
};

} // namespace ftpd
