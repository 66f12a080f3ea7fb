// SPDX-License-Identifier: ISC
// The keeper: the process of a daemon that was started, and, started by root, the only one that stays root.
// It reads the configuration, opens what that names (again at a reload) and hands the descriptors over by
// label; it starts the daemon's lasting processes, again when they die, with pairs between them; it passes
// signals on and tells the service manager. When the main process dies, the others go on: the next one is
// given all that the keeper has opened, its ends of the pairs with the others, and what those before it have
// deposited. One that gives no sign of life is killed. The keeper does nothing else: no byte of a client is
// read here, and no deposit. Of its children it takes the short words of common/keeper/keeper_frames.hh, and
// no path: a child that was taken over gets nothing by them that it has not been given already.
#pragma once

#include "common/daemon.hh"
#include "common/keeper/executable.hh"
#include "common/keeper/former_children.hh"
#include "common/keeper/holdings.hh"
#include "common/keeper/kept_child.hh"
#include "common/keeper/killers.hh"
#include "common/keeper/legacy.hh"
#include "common/keeper/life_watch.hh"
#include "common/keeper/paper.hh"
#include "common/keeper/plan.hh"
#include "common/keeper/reloads.hh"
#include "common/keeper/restart_pace.hh"
#include "common/keeper/upgrade.hh"
#include "common/keeper/watchdog.hh"
#include "common/options.hh"
#include "common/pid_file.hh"
#include "common/signals.hh"
#include "common/state.hh"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace common {

class Keeper {
public:
    // Opens what the configuration names; log is the keeper's own, in the place that the settings say.
    // options, log and invocation must outlive this. paper: this program was executed in the place of a
    // keeper that has left it, and goes on with all that this had. Throws UserError or std::system_error.
    Keeper(Duties duties, const DaemonOptions& options, std::vector<ConfigLine> config, Log& log,
           const Invocation& invocation, std::optional<Paper> paper = {});
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    // Starts all, and keeps them until the main process ends in order, or dies too often; the exit status.
    // Tells detachment, if there is one, and the service manager when that serves.
    int run(Detachment* detachment);

private:
    void start(const LastingProcess& process, const Executable* program = nullptr);
    void attach(const std::string& role, pid_t pid, Fd pair, Fd end);
    void start_at(const LastingProcess& process, Clock::time_point when);
    void start_missing();
    void give_all();
    void begin_main();
    void take_over(Paper paper);
    void take_place();
    Paper make_paper(bool is_for_trial, int pair);
    Upgrade::Callbacks steps();

    // The main process.
    KeptChild& main() { return children_[plan_.processes.front().role]; }
    void tell(const KeeperFrame& frame, Fd fd = {}) { main().pair.send(frame, std::move(fd)); }
    void heed(const std::string& role, const KeeperFrame& frame, Fd passed);
    // Not to one that opens first, and hears nothing until it begins.
    void pass_orphans() {
        if (!upgrade_.opens()) legacy_.pass_orphans(main().pair);
    }
    void answer(const std::string& role, const std::string& label);
    void on_ready(const std::string& places);
    void put_in_force(Reloads::Coming coming);
    void on_stopping(std::int64_t seconds);
    void expect_end(std::chrono::seconds within);

    void reap();
    void on_main_end(pid_t pid, int status);
    void on_other_end(const std::string& role, pid_t pid, int status);
    void end_others();
    void heed_signals();

    std::vector<Fd> held_; // closed as the last thing: whoever waits for their end knows that all is over
    Duties duties_;
    const DaemonOptions& options_;
    const Invocation& invocation_;
    std::optional<Paper> paper_; // until it is taken over
    std::vector<ConfigLine> config_;
    Log& log_;
    Plan plan_;
    StateDirectory state_;
    std::optional<PidFile> pid_file_;
    Signals signals_;
    Loop loop_;
    rlimit born_with_; // descriptors
    Detachment* detachment_ = nullptr;
    Holdings holdings_;
    std::map<std::string, KeptChild> children_; // by role
    FormerChildren former_;
    Killers killers_;
    Legacy legacy_;
    LifeWatch life_;   // of the main process
    RestartPace pace_; // its own
    Upgrade upgrade_;
    KeeperFrame told_;               // how the last upgrade went
    Clock::time_point told_until_{}; // to each main process that begins: the one before may not have read it
    Reloads reloads_;
    Watchdog watchdog_;          // of the service manager
    Loop::TimerId main_limit_{}; // once it was told to end
    std::string failure_;        // of the start
    bool stay_is_due_ = false;   // no main process of this version has done yet what follows from that
    bool was_ready_ = false;
    bool was_silent_ = false;   // the main process, and was killed for it
    bool main_failed_ = false;  // the last one that has died, by itself
    bool stopping_ = false;     // somebody has asked for it
    bool stops_ = false;        // the main process has said so
    std::optional<int> status_; // the daemon's own, once the main process has ended for good
};

} // namespace common
