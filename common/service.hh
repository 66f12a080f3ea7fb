// SPDX-License-Identifier: ISC
// What the lasting process of a daemon is around its clients: ftpd's parent, chatd's hub. It holds the state
// directory, waits for events and heeds signals, reads the configuration again, answers on the control socket
// and stops in order. Trusts everybody who may open that socket.
#pragma once

#include "common/config.hh"
#include "common/control_server.hh"
#include "common/daemon_settings.hh"
#include "common/fd.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/options.hh"
#include "common/signals.hh"
#include "common/state.hh"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

class Service {
public:
    using Lines = std::span<const ConfigLine>;
    // What one daemon does and the other does not.
    struct Duties {
        // Of the control socket; `reload' and `shutdown' come after them.
        std::vector<ControlVerb> verbs{};
        // Some children may have ended.
        std::function<void()> on_child_end{};
        // What SIGUSR1 puts into the log, line for line.
        std::function<std::vector<std::string>()> status{};
        // merge_for_reload with the daemon's table; throws UserError when the lines given are wrong, also
        // those that only a start applies.
        std::function<std::vector<ConfigLine>(Lines old, Lines given, std::vector<std::string>& ignored)>
            merge{};
        // Puts the merged lines into force, the settings first. Returns what it could not do, to be
        // reported; throws, and changes nothing, if it can do none of it.
        std::function<std::vector<std::string>(Lines merged)> apply{};
        std::string_view reloaded = "configuration read again"; // the log says so then
        // The words of `shutdown', safe for every client.
        std::function<std::string(const std::string& words)> make_safe{};
        std::size_t max_farewell = 0; // bytes of them
    };

    // Takes the lock of the state directory, and the signals. settings are the daemon's own, which apply
    // changes; they, options and log must outlive this. Throws as StateDirectory.
    Service(const DaemonOptions& options, std::vector<ConfigLine> config, const DaemonSettings& settings,
            Log& log);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // Listens on the control socket. Throws as ControlServer. Until then no signal is heeded.
    void open(Duties duties);

    // Tells the service manager and the process that started it that it serves at these places.
    using OnReady = std::function<void(std::string_view places)>;
    static void tell_ready(std::string_view places, const OnReady& on_ready);

    // One round of the loop, with signals let in; as Loop::run_once, whose last error the log has, too.
    void wait(bool may_wait = true);
    // What the signals of the last wait ask for: CHLD, USR1, HUP (reload), TERM and INT (stop).
    void heed_signals();
    // Runs a part of a round that is not a callback of the loop's; what it throws is logged and lived
    // through.
    template <class Work>
    void attempt(const Work& work) {
        loop_.attempt(work, nullptr);
    }

    // Reads the configuration again, as SIGHUP does; returns what waits for the next start or could not be
    // done. Throws, and leaves the old one, when something is wrong with it.
    std::vector<std::string> reload();

    void ask_to_stop() { stopping_ = true; }
    bool is_stopping() const { return stopping_; }
    // What is to be stopped has heard of it, and takes its time: is_stopping() says from now on whether
    // somebody has asked once more.
    void expect_another_stop() { stopping_ = false; }
    // The administrator's message to the clients when it stops; empty: none.
    const std::string& farewell() const { return farewell_; }

    // Around the daemon's own stop. The control connections are closed when the state is free, as the last
    // thing: then whoever asked for the end knows that another can start.
    void begin_stop(std::size_t clients);
    void end_stop();

    Loop& loop() { return loop_; }
    ControlServer& control() { return *control_; }
    const std::string& state_path() const { return state_.path(); }
    Clock::time_point started() const { return started_; }

private:
    void reload_as_told();
    void report_status();
    void shut_down(const std::string& words);

    std::vector<Fd> control_connections_; // at the end
    const DaemonOptions& options_;
    std::vector<ConfigLine> config_;
    const DaemonSettings& settings_;
    Log& log_;
    StateDirectory state_;
    Signals signals_;
    Loop loop_;
    Duties duties_;
    std::optional<ControlServer> control_;
    Clock::time_point started_ = Clock::now();
    std::string farewell_;
    bool stopping_ = false;
};

} // namespace common
