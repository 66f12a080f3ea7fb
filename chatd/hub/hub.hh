// SPDX-License-Identifier: ISC
// The hub: chatd's parent process. Accepts clients and hands them to the spawner; owns names, rooms, rights
// and the room logs; wakes the handlers that sleep; serves the control socket and the administrator's
// console. It never reads a byte from a client, and checks every frame from a handler, which may have been
// taken over. Here are its loop and its signals; each part below has a file of its own.
#pragma once

#include "chatd/hub/administration.hh"
#include "chatd/hub/handler_pool.hh"
#include "chatd/hub/requests.hh"
#include "chatd/hub/spawner_link.hh"
#include "common/config.hh"
#include "common/log.hh"
#include "common/options.hh"
#include "common/signals.hh"
#include "common/state.hh"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// What a start finds before it opens anything: chatd does this first, and chatd -n nothing else. Throws
// common::UserError or std::system_error for what ends a start: what common::check_start names, the file of
// the bans, and folders of rooms that cannot be used.
void check_start(const Settings& settings);

class Hub {
public:
    // Opens and binds what the settings name. Throws common::UserError or std::system_error.
    Hub(const common::DaemonOptions& options, std::vector<common::ConfigLine> config, Settings settings,
        common::Log& log, SpawnerLink& spawner);

    // Says where it listens, calls on_ready with the addresses, a blank between them, and serves until it is
    // told to stop. Returns the exit status.
    using OnReady = std::function<void(std::string_view places)>;
    int run(const OnReady& on_ready);

private:
    void wait_for_spawner();
    void handle_signals();
    void reap();
    void settle_batches();
    // Reads the configuration again; says what has to wait for the next start, or could not be done. Throws,
    // and leaves the old one, when something is wrong with it.
    std::vector<std::string> reload();
    void reload_as_told();
    std::vector<std::string> stats() const;
    void stop();

    const common::DaemonOptions& options_;
    std::vector<common::ConfigLine> config_;
    Settings settings_;
    common::Log& log_;
    SpawnerLink& spawner_;
    std::vector<common::Fd> control_connections_; // at the end: they close when the state is free
    common::StateDirectory state_;
    common::Signals signals_;
    common::Loop loop_;
    common::Fd pages_fd_;
    common::StatusPages pages_;

    People people_;
    Bans bans_;
    Tickets tickets_;
    Rooms rooms_;
    Answers answers_;
    Departures departures_;
    HandlerPool pool_;
    Passwords passwords_;
    Names names_;
    Segments segments_;
    Resumption resumption_;
    RoomEntry entry_;
    Speech speech_;
    Moderation moderation_;
    Lists lists_;
    Requests requests_;
    Administration administration_;

    std::string farewell_; // of the administrator, for those who are here when it stops
    common::Clock::time_point started_ = common::Clock::now();
    bool stopping_ = false;
};

} // namespace chatd
