// SPDX-License-Identifier: ISC
// What the keeper has opened for the main process, and each that follows: the control socket and those of
// groups, the listeners, the log, and what a daemon's plan names. Run by the keeper.
#pragma once

#include "common/fd.hh"
#include "common/keeper/group_sockets.hh"
#include "common/keeper/keeper_link.hh"
#include "common/keeper/keeper_pair.hh"
#include "common/keeper/listeners.hh"
#include "common/keeper/paper.hh"
#include "common/keeper/plan.hh"
#include "common/log.hh"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// A descriptor to a child, under its label; none: nothing.
void give(KeeperPair& child, std::string_view label, int fd);

class Holdings {
public:
    // Opens all, and gives the state directory to its owner, if it has one. log must outlive this. Throws
    // UserError or std::system_error.
    Holdings(const Plan& plan, Log& log);
    // With what a keeper before has left, among it what this version has opened on trial: opens nothing.
    Holdings(const Plan& plan, Log& log, const Paper& paper);
    Holdings(const Holdings&) = delete;
    Holdings& operator=(const Holdings&) = delete;

    // All of it, as give does; is_other: what is left out.
    void give_all(KeeperPair& child, const std::function<bool(std::string_view label)>& is_other) const;
    // Of another plan: opens it beside what is there; throws as the first constructor. Then the main process
    // is told, if child is one: of listeners and groups' sockets at once, and of the rest. told: those that
    // cannot be opened.
    void open(const Plan& plan, KeeperPair* child, std::vector<Note>& told);
    void open_listeners(const Plan& plan, KeeperPair* child, std::vector<Note>& told); // of that, these alone
    // The log's file anew, for after a rotation.
    void reopen_log(KeeperPair* child);
    // For whoever follows: the numbers of its descriptors.
    void write(Paper& paper) const;
    void close_listeners() {
        listeners_.close();
        group_sockets_.close();
    }

private:
    struct ControlSocket { // its file goes with it
        Fd fd;
        std::string path;
        ControlSocket(Fd socket, std::string place) : fd(std::move(socket)), path(std::move(place)) {}
        ControlSocket(const ControlSocket&) = delete;
        ControlSocket& operator=(const ControlSocket&) = delete;
        ~ControlSocket();
    };

    Holdings(const Plan& plan, Log& log, std::chrono::milliseconds limit);

    Log& log_;
    ControlSocket control_;
    Listeners listeners_;
    GroupSockets group_sockets_;
    std::map<std::string, Fd> opened_;
};

} // namespace common
