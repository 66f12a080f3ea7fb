// SPDX-License-Identifier: ISC
// The end of authd in a daemon's main process, which never reads the user file: gives it an end of each new
// client's pair, and puts what it notes into the log. The keeper starts authd, and again when it dies, and
// hands over the pair with each; ftpd -i, which has no keeper, starts its own.
#pragma once

#include "common/address.hh"
#include "common/authd/authd.hh"
#include "common/daemon_settings.hh"
#include "common/helper_process.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// What `users', `login-tries' and `login-holdoff' say, for the daemon of this name.
AuthdSettings make_authd_settings(const DaemonSettings& settings, std::string_view daemon);

class AuthdLink {
public:
    // Clients that are kept waiting for an authd that is not there; each takes a descriptor.
    static constexpr std::size_t max_unsent = 32;

    // Starts it. settings.users is an absolute path; throws UserError or std::system_error when there is no
    // such file. let_go: run in the child, to unmap what is the parent's. loop and log must outlive this.
    AuthdLink(Loop& loop, Log& log, AuthdSettings settings, std::function<void()> let_go = nullptr);
    // Another starts it; what is sent before adopt waits.
    struct StartedElsewhere {
        std::function<void()> end; // it has broken the protocol: whoever has started it is to end it
    };
    AuthdLink(Loop& loop, Log& log, AuthdSettings settings, StartedElsewhere elsewhere);
    // The pair with an authd that was started with settings like ours, or newer ones.
    void adopt(Fd pair, pid_t pid) { process_.adopt(std::move(pair), pid); }
    ~AuthdLink() { stop(); }
    AuthdLink(const AuthdLink&) = delete;
    AuthdLink& operator=(const AuthdLink&) = delete;

    // The client's end of a new pair, for Login: whoever holds it may ask as the client at this address.
    // While authd is being started again its questions wait, if few do.
    Fd open_client(const Address& client);

    // After a reload: new tries, hold-off and secrets. The file and the rest stay as they were at the start.
    void configure(unsigned tries, std::chrono::seconds max_holdoff, std::vector<StoredSecret> secrets = {});

    // After SIGCHLD, for a child that Children::reap found to be none of its own; false: not authd. Starts
    // another, whose clients are new ones: old pairs have ended.
    bool on_child_end(pid_t pid, int status) { return process_.end(pid, status); }

    // Of one that was started elsewhere: it goes on with another process. Its clients are its own.
    void leave() { process_.leave(); }
    // Tells it to end; wait waits until it has (on_child_end may hear of it before).
    void stop() { process_.stop(); }
    void wait() { process_.wait(); }

    pid_t pid() const { return process_.pid(); } // of the last one that was started

private:
    int run_child(Fd pair);
    void send_configuration();
    void write_note(std::span<const char> packet);

    Log& log_;
    AuthdSettings settings_;
    std::function<void()> let_go_;
    HelperProcess process_;
};

} // namespace common
