// SPDX-License-Identifier: ISC
// The parent's end of authd: starts it (and again when it dies), gives it an end of each new client's pair,
// and puts what it notes into the log. Run by a daemon's parent, which never sees a password or the user
// file.
#pragma once

#include "common/address.hh"
#include "common/authd/authd.hh"
#include "common/children.hh"
#include "common/daemon_settings.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <deque>
#include <functional>
#include <string>

namespace common {

// What `users', `login-tries' and `login-holdoff' say, for the daemon of this name.
AuthdSettings make_authd_settings(const DaemonSettings& settings, std::string_view daemon);

class AuthdLink {
public:
    // Clients that are kept waiting for an authd that is not there; each takes a descriptor.
    static constexpr std::size_t most_unsent = 32;

    // Starts it. settings.users is an absolute path; throws UserError or std::system_error when there is no
    // such file. let_go: run in the child, to unmap what is the parent's. loop and log must outlive this.
    AuthdLink(Loop& loop, Log& log, AuthdSettings settings, std::function<void()> let_go = nullptr);
    ~AuthdLink();
    AuthdLink(const AuthdLink&) = delete;
    AuthdLink& operator=(const AuthdLink&) = delete;

    // The client's end of a new pair, for Login: whoever holds it may ask as the client at this address.
    // While authd is being started again its questions wait, if few do.
    Fd open_client(const Address& client);

    // After a reload: new tries, hold-off and secrets. The file and the rest stay as they were at the start.
    void configure(unsigned tries, std::chrono::seconds longest_holdoff,
                   std::vector<StoredSecret> secrets = {});

    // After SIGCHLD, for a child that Children::reap found to be none of its own; false: not authd. Starts
    // another, whose clients are new ones: old pairs have ended.
    bool note_end(pid_t pid, int status);

    // Tells it to end; wait waits until it has (note_end may hear of it before).
    void stop();
    void wait();

    pid_t pid() const { return pid_; } // of the last one that was started

private:
    struct Unsent {
        std::string packet;
        Fd passed;
    };
    bool start();
    void start_again();
    int run_authd(Fd pair);
    void read_notes();
    void send(Unsent packet);
    void flush();
    void lose();

    Loop& loop_;
    Log& log_;
    AuthdSettings settings_;
    std::function<void()> let_go_;
    Children children_;
    pid_t pid_ = -1;
    Fd pair_;
    std::deque<Unsent> unsent_;
    Clock::time_point started_{};
    Loop::TimerId restart_{};
    bool stopping_ = false;
};

} // namespace common
