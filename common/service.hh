// SPDX-License-Identifier: ISC
// What the main process of a daemon is around its clients: ftpd's parent, chatd's hub. It works in the state
// directory, waits for events, does what its keeper tells it (signals, a configuration that was read again),
// answers on the control socket and stops in order. Trusts its keeper, and everybody who may open that
// socket.
#pragma once

#include "common/config.hh"
#include "common/control_server.hh"
#include "common/daemon_settings.hh"
#include "common/fd.hh"
#include "common/keeper/keeper_link.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/signals.hh"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
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
        // Puts the lines into force, the settings first. Returns what it could not do, to be reported;
        // throws, and changes nothing, if it can do none of it.
        std::function<std::vector<std::string>(Lines lines)> apply{};
        // The keeper has opened this, or another process is there to talk to; and has closed that.
        std::function<void(Given)> on_given{};
        std::function<void(const std::string& label)> on_taken_back{};
        // As KeeperLink::Callbacks have them.
        std::function<void()> on_deposited{};
        std::function<void(pid_t pid, int status)> on_orphan_end{};
        std::function<void()> on_stay{};
        std::string_view reloaded = "configuration read again"; // the log says so then
        // The words of `shutdown', safe for every client.
        std::function<std::string(const std::string& words)> make_safe{};
        std::size_t max_farewell = 0; // bytes of them
    };

    // Claims the state directory, and takes the signals. settings are the daemon's own, which apply changes;
    // they, keeper and log must outlive this. Throws as StateDirectory.
    Service(KeeperLink& keeper, const DaemonSettings& settings, Log& log);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    ~Service() { keeper_.detach(); }

    // Listens on the control socket. Until then the keeper is not heard.
    void open(Duties duties);

    // Tells the keeper, and so who started the daemon, that it serves at these places. A daemon that has left
    // its terminal writes nothing there from now on.
    void tell_ready(std::string_view places, bool foreground);

    // One round of the loop, with signals let in; as Loop::run_once, whose last error the log has, too.
    void wait(bool may_wait = true);
    // What the signals of the last wait ask for: CHLD. The others come from the keeper, which gets them.
    void heed_signals();
    // Runs a part of a round that is not a callback of the loop's; what it throws is logged and lived
    // through.
    template <class Work>
    void attempt(const Work& work) {
        loop_.attempt(work, nullptr);
    }

    // The keeper has asked for it: this process ends, and another goes on with its clients. It ends its loop,
    // finishes what would be lost with it and what clients wait for, deposits, and calls end_hand_over as the
    // last thing; its exit status is 0. To its clients it says nothing.
    bool hands_over() const { return hands_over_; }
    // Gives the control connections over that wait for the upgrade, waits until the keeper has all deposits,
    // and tells it.
    void end_hand_over();

    void ask_to_stop() { stopping_ = true; }
    bool is_stopping() const { return stopping_; }
    // It is there: it tells how processes end that are nobody's, and has what is deposited.
    bool has_keeper() const { return has_keeper_; }
    // What is to be stopped has heard of it, and takes its time: is_stopping() says from now on whether
    // somebody has asked once more.
    void expect_another_stop() { stopping_ = false; }
    // The administrator's message to the clients when it stops; empty: none.
    const std::string& farewell() const { return farewell_; }

    // Around the daemon's own stop, which may take so long. The keeper closes the control connections when
    // the state is free, as the last thing: then whoever asked for the end knows that another can start.
    void begin_stop(std::size_t clients, std::chrono::seconds within = {});
    void end_stop();

    Loop& loop() { return loop_; }
    ControlServer& control() { return *control_; }
    KeeperLink& keeper() { return keeper_; }
    const std::string& state_path() const { return settings_.state; }
    Clock::time_point started() const { return started_; }

private:
    // How a reload or an upgrade goes that the control socket asked for.
    struct Outcome {
        bool is_known = false;
        std::optional<std::string> failure;
        std::deque<std::string> told;
    };

    KeeperLink::Callbacks callbacks();
    void take(Given given);
    void on_signal(int signal);
    ControlAnswer ask_for_reload();
    ControlAnswer ask_for_upgrade(Words words);
    void take_over_upgrade();
    void take_over_silent();
    void tell_upgrade(const KeeperLink::Callbacks::UpgradeWord& word);
    static ControlAnswer answer_of(const std::shared_ptr<Outcome>& outcome);
    void take_config(bool asked, Lines lines, const std::vector<Note>& told);
    void end_reload(bool asked, std::optional<std::string> failure, std::vector<std::string> told);
    void report_status();
    void shut_down(const std::string& words);

    KeeperLink& keeper_;
    const DaemonSettings& settings_;
    Log& log_;
    Fd state_lock_;
    Signals signals_;
    Loop loop_;
    Duties duties_;
    std::optional<ControlServer> control_;
    std::deque<std::shared_ptr<Outcome>> reloads_;   // that were asked for
    std::vector<std::shared_ptr<Outcome>> upgrades_; // all of which the next end of one is the end of
    std::vector<std::string> askers_; // labels of deposits: for an upgrade, of the process before
    std::vector<std::pair<std::string, ControlServer::Moved>>
        silent_; // who had asked nothing yet; their labels
    Clock::time_point started_ = Clock::now();
    std::string farewell_;
    bool stopping_ = false;
    bool has_keeper_ = true;
    bool hands_over_ = false;
};

} // namespace common
