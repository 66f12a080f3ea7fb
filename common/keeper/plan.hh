// SPDX-License-Identifier: ISC
// What a daemon's configuration asks of its keeper: what it is to open and to run. Made by each daemon's
// main.cc from the lines of the configuration.
#pragma once

#include "common/config.hh"
#include "common/daemon_settings.hh"
#include "common/fd.hh"
#include "common/keeper/executable.hh"
#include "common/keeper/group_sockets.hh"
#include "common/keeper/life_watch.hh"
#include "common/keeper/restart_pace.hh"
#include "common/privileges.hh"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace common {

// What a new process has beside 0 to 2: its pair with the keeper, and, unless it is the main one, one with
// that, or with another that works with it.
struct Birth {
    Fd keeper;
    Fd main;
};

struct LastingProcess {
    std::string role{};                     // in the log, and the label of its pair in the main process
    std::function<int(Birth birth)> body{}; // in the child; the exit status
    std::chrono::milliseconds pause{1000};  // between two starts; the main one has a pace of its own
    bool ends_by_itself = false;            // it has done its work, and is started again after the pause
    bool is_needed = false;                 // a start fails if it ends before the main process serves
    int executes = -1;                      // the file of a program that the body executes, which stays open
    std::string user{}; // of the one at the other end of its pair, started after it; empty: the main one
    bool outlives_upgrade = false; // it goes on for the clients that it has, however long these stay
    // What it reads at its start, as it is now. Where a reload finds something else, another process takes
    // its place, and this one goes on for the clients that it has.
    std::string reads{};
};

// Of files that a plan names: what a program is to look at before a reload puts the plan in force. If it ends
// otherwise than with 0 the reload is refused with what it has said; else each line of that is a warning.
struct Look {
    std::shared_ptr<const Executable> program;
    std::vector<std::string> arguments; // the first is its name
    std::string what;                   // it looks at: leads the refusal
};

// What a daemon's configuration asks of its keeper.
struct Plan {
    using Open = std::function<Fd()>;
    DaemonSettings settings;
    std::vector<GroupPlace> group_sockets{};
    std::map<std::string, Open> opened;     // for the main process, at the start and at each reload
    std::map<std::string, Open> on_request; // by role, a blank and label: each time that this child wants it
    std::vector<std::string> opened_for_trial{}; // of those: a main process on trial gets what it has opened
    std::vector<LastingProcess> processes; // the first is the main one: its end in order is all the others'
    std::optional<Look> look{};
    std::vector<Identity> users{};   // whom the configuration names
    std::optional<Identity> owner{}; // whose the state and the control socket are; none: the keeper's user's
    std::optional<Identity>
        children_user{};               // whose the processes are that serve clients, if root starts them
    std::chrono::seconds patience{45}; // for the processes to end by themselves
    // For those of the keeper before, after an upgrade: longer than AuthdSettings::time_alone.
    std::chrono::seconds time_alone{360};
    LifeWatch::Limits life{}; // of the main process
    RestartPace::Limits pace{};
};

// What a daemon does for its keeper.
struct Duties {
    using Lines = std::span<const ConfigLine>;
    std::string program, version;
    // Both throw UserError for lines that are wrong. merge: merge_for_reload with the daemon's table.
    std::function<Plan(Lines lines)> make_plan;
    std::function<std::vector<ConfigLine>(Lines old, Lines given, std::vector<std::string>& ignored)> merge;
};

} // namespace common
