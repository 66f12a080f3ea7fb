// SPDX-License-Identifier: ISC
// A daemon of the suite as a test starts it: in the foreground, on a port of the kernel's choice, with
// folders of its own, under the backend that the runner wants (SUITE_EVENTS), without the limits that a test
// which connects a lot would meet, and without a sweeper. Its log goes to the test's output, which is shown
// when the test fails.
#pragma once

#include "common/address.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/process.hh"

#include <cstdint>

namespace e2e {

class Daemon {
public:
    struct Setting {
        // Configuration lines; a directive named here replaces the harness's own lines for it (listen, root,
        // state, events, connect-rate, max-per-address, login-timeout, keep-partials).
        Words lines{};
        Words left_out{};    // the harness's own directives that are not set: a file of the test's sets them
        Words options{};     // further command-line options
        Words wrapper{};     // what to run it with: {"nice", "-n", "5"}
        Words environment{}; // NAME=VALUE
        std::string program = "ftpd";
        // The lines stand in a file that -f names, which only who starts the daemon may read, and not behind
        // -o.
        bool in_file = false;
        std::size_t listeners = 1; // how many to wait for
        // Whether this test has children of it crash or fail. Under sanitizers that is a failed check else,
        // and so is any report of theirs.
        bool children_fail = false;
    };

    Daemon() : Daemon(Setting{}) {}
    explicit Daemon(
        const Setting& setting); // returns when it listens; throws Failure with the log when it does not
    ~Daemon();                   // stops it, if it still runs, with a failed check if it does not end well
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    std::uint16_t port() const { return addresses().at(0).port(); }
    std::vector<common::Address> addresses() const; // of all listeners so far, in the order of the log
    pid_t pid() const { return child_->pid(); }     // of the process that was started, the keeper
    pid_t main_pid() const;                         // of the one that serves: ftpd's parent, chatd's hub

    // The folder that is served by default, which everybody may write to.
    const Path& files() const { return files_; }
    const Path& state() const { return state_; }
    const TempDir& folder() const { return folder_; } // holds both, and is a place for more

    std::string log() const { return log_->text(); }
    // Waits until the text stands in the log, at or behind position from; returns the position behind it.
    std::size_t wait_for_log(std::string_view text, std::size_t from = 0) const {
        return log_->wait_for(text, from);
    }
    // Waits until the process that serves has no child: all sessions ended and reaped (Linux).
    void wait_until_idle() const;

    // Other lines for the file that Setting::in_file made, for a reload; of what only a start can change
    // those of then are to be among them.
    void configure(const Words& lines);

    void signal(int number) { child_->signal(number); }
    int wait(Seconds limit = patience) { return child_->wait(limit); } // its exit status
    void stop(); // SIGTERM; throws Failure unless it ends with status 0
    void kill(); // SIGKILL, to the process that serves and to the keeper, so that none starts again

private:
    void check_children() const;

    TempDir folder_;
    Path files_, state_;
    std::string program_;
    bool children_fail_;
    std::optional<Collector> log_;
    std::optional<Child> child_;
};

} // namespace e2e
