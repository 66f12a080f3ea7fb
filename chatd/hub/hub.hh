// SPDX-License-Identifier: ISC
// The hub: chatd's parent process. Accepts clients and hands them to the spawner; owns names, rooms, rights
// and the room logs; wakes the handlers that sleep; serves the control socket and the administrator's
// console. It never reads a byte from a client, and checks every frame from a handler, which may have been
// taken over. Here is its loop; each part below has a file of its own.
#pragma once

#include "chatd/hub/administration.hh"
#include "chatd/hub/background_save.hh"
#include "chatd/hub/handler_pool.hh"
#include "chatd/hub/kept_places.hh"
#include "chatd/hub/requests.hh"
#include "chatd/hub/spawner_link.hh"
#include "common/config.hh"
#include "common/log.hh"
#include "common/options.hh"
#include "common/service.hh"

#include <string>
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
    int run(const common::Service::OnReady& on_ready);

private:
    void open();
    void wait_for_spawner();
    void reap();
    void settle_batches();
    std::size_t set_descriptors_aside();
    std::vector<std::string> apply(common::Service::Lines merged);
    void stop();

    const common::DaemonOptions& options_;
    Settings settings_;
    common::Log& log_;
    SpawnerLink& spawner_;
    common::Service service_;
    common::Loop& loop_;
    common::Fd pages_fd_;
    common::StatusPages pages_;

    People people_;
    Bans bans_;
    BackgroundSave saved_bans_;
    Tickets tickets_;
    KeptPlaces places_;
    Rooms rooms_;
    Budgets budgets_;
    Answers answers_;
    Departures departures_;
    Newcomers newcomers_;
    HandlerPool pool_;
    Ignores ignores_;
    Passwords passwords_;
    Names names_;
    Segments segments_;
    Resumption resumption_;
    Entry entry_;
    Speech speech_;
    Moderation moderation_;
    Lists lists_;
    Requests requests_;
    Administration administration_;
};

} // namespace chatd
