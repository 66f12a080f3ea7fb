// SPDX-License-Identifier: ISC
// The hub: chatd's main process. Accepts clients and hands them to the spawner; owns names, rooms, rights
// and the room logs; wakes the handlers that sleep; serves the control socket and the administrator's
// console. It never reads a byte from a client, and checks every frame from a handler, which may have been
// taken over. If it dies, or hands over to one of another version, the next one goes on with its clients
// (takeover.hh). Here is its loop; each part below has a file of its own.
#pragma once

#include "chatd/hub/administration.hh"
#include "chatd/hub/background_save.hh"
#include "chatd/hub/deposits.hh"
#include "chatd/hub/evictions.hh"
#include "chatd/hub/handler_pool.hh"
#include "chatd/hub/kept_places.hh"
#include "chatd/hub/notice_door.hh"
#include "chatd/hub/requests.hh"
#include "chatd/hub/spawner_link.hh"
#include "chatd/hub/tls_door.hh"
#include "chatd/hub/waker.hh"
#include "common/keeper/keeper_link.hh"
#include "common/keeper/serving_word.hh"
#include "common/log.hh"
#include "common/privileges.hh"
#include "common/service.hh"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// What a start finds before it opens anything: chatd does this first, and chatd -n nothing else. Throws
// common::UserError or std::system_error for what ends a start: what common::check_start names, the file of
// the bans, and folders of rooms that cannot be used.
void check_start(const Settings& settings);

// Labels of its own, beside the keeper's.
inline constexpr std::string_view label_of_spawner = "spawner", label_of_authd = "authd",
                                  label_of_terminal = "terminal"; // for the console
// Deposited: the pid of the spawner and the protocol version that it speaks.
inline constexpr std::string_view label_of_spawner_version = "spawner version";
inline constexpr std::string_view label_of_spawner_pair = "spawner pair"; // on trial; with its number

class Hub {
public:
    // How the daemon was started.
    struct Start {
        bool foreground = false;
        std::string program{}; // what was executed
        std::optional<common::Identity>
            identity{}; // whom handlers become; none unless root started the daemon
    };

    // Takes from keeper what was opened for it, and opens the rooms. Throws common::UserError or
    // std::system_error.
    Hub(common::KeeperLink& keeper, Settings settings, common::Log& log, Start start);

    // Tells the keeper where it listens, and serves until it is told to stop, or to hand over. Returns the
    // exit status.
    int run();

private:
    void open();
    void open_parts();
    void take_over(pid_t spawner);
    std::uint16_t version_of(pid_t spawner);
    void keep_spawner(const common::Given& spawner);
    void forget_silent_handlers();
    void turn();
    void wait_for_helpers();
    void take(common::Given given);
    std::string make_configure(std::uint16_t version) const;
    void warn_of_missing_catalogue() const;
    void settle_batches();
    void evict();
    bool has_more_to_do() const;
    void hand_over();
    std::size_t set_descriptors_aside();
    std::vector<std::string> apply(common::Service::Lines merged);
    void stop();

    Settings settings_;
    common::Log& log_;
    Start start_;
    common::KeeperLink& keeper_;
    common::Service service_;
    SpawnerLink spawner_;
    common::Loop& loop_;
    common::ServingWord serving_;
    common::Fd pages_fd_;
    common::StatusPages pages_;

    People people_;
    Bans bans_;
    BackgroundSave saved_bans_;
    Tickets tickets_;
    Deposits deposits_;
    KeptPlaces places_;
    Rooms rooms_;
    Budgets budgets_;
    Answers answers_;
    Departures departures_;
    Newcomers newcomers_;
    Waker waker_;
    TlsDoor tls_;
    HandlerPool pool_;
    Ignores ignores_;
    Passwords passwords_;
    Witnesses witnesses_;
    Names names_;
    Segments segments_;
    Resumption resumption_;
    Entry entry_;
    Speech speech_;
    Moderation moderation_;
    Lists lists_;
    Requests requests_;
    Administration administration_;
    NoticeDoor notices_;
    Evictions evictions_;
    bool evicts_ = false;
};

} // namespace chatd
