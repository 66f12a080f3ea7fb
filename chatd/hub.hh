// SPDX-License-Identifier: ISC
// The hub: chatd's parent process. Accepts clients and hands them to the spawner; owns names, rooms, rights
// and the room logs; wakes the handlers that sleep; serves the control socket and the administrator's
// console. It never reads a byte from a client, and checks every frame from a handler, which may have been
// taken over.
#pragma once

#include "chatd/protocol.hh"
#include "chatd/room_log.hh"
#include "chatd/settings.hh"
#include "chatd/spawner_link.hh"
#include "common/acceptor.hh"
#include "common/capacity.hh"
#include "common/config.hh"
#include "common/control_server.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/options.hh"
#include "common/signals.hh"
#include "common/state.hh"
#include "common/status_pages.hh"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace chatd {

class Hub {
public:
    Hub(const common::DaemonOptions& options, std::vector<common::ConfigLine> config, Settings settings,
        common::Log& log, SpawnerLink& spawner);
    ~Hub();

    // Says where it listens, calls on_ready, and serves until it is told to stop. Returns the exit status.
    int run(const std::function<void()>& on_ready);

private:
    using ClientNumber = std::uint64_t; // never used twice, also not after a restart

    struct Room {
        std::uint32_t number = 0;
        RoomSettings settings;
        std::unique_ptr<RoomLog> log;
        std::set<ClientNumber> members;
    };
    enum class State { naming, entering, inside };
    struct Client {
        ClientNumber number = 0;
        common::Fd pair;
        std::size_t page = 0;
        std::string host;
        std::string peer;
        pid_t pid = -1;
        State state = State::naming;
        std::string name;
        Room* room = nullptr;
        unsigned wrong_codes = 0;
        bool owes_answer = false;                // to a line that is in a room's batch
        std::optional<common::Accepted> arrival; // until it has a handler: for another spawner
        common::Clock::time_point since = common::Clock::now();
    };
    // What is answered when a room's batch is in its log, or is not.
    struct Pending {
        ClientNumber client;
        std::uint64_t joined_line = 0; // of one that enters; 0 for speech
    };
    using Packet = std::span<const char>;
    struct FrameRule; // which frame is for which state, and what does it: hub_clients.cc

    // hub.cc
    void make_rooms();
    Room& make_room(const RoomSettings& settings);
    void handle_signals();
    void reload();
    void update_rooms();
    void report_status();
    void stop();
    void read_console();
    void update_acceptor();
    std::size_t most_clients_now() const;
    void report_capacity();

    // hub_clients.cc
    void start_client(common::Accepted accepted);
    void on_spawned(ClientNumber number, pid_t pid);
    void on_ended(ClientNumber number, int status);
    void on_spawner_lost();
    void on_spawner_ready();
    void release_orphan(ClientNumber number);
    void read_client(ClientNumber number);
    void lose_handler(Client& client);
    void handle(Client& client, Packet packet);
    void on_name(Client& client, Packet packet);
    void on_enter(Client& client, Packet packet);
    void on_say(Client& client, Packet packet);
    void on_next_segment(Client& client, Packet packet);
    void on_who(Client& client, Packet packet);
    void on_rooms(Client& client, Packet packet);
    void send_listing(Client& client, std::uint32_t skip, const std::vector<std::string>& lines);
    void answer(Client& client, const std::string& packet, int passed = -1);
    void refuse(Client& client, Refusal why);
    void leave(ClientNumber number);
    void punish(Client& client, std::string_view why);
    void dismiss(Client& client, std::string_view words);
    void let_in(Client& client, const Pending& pending);
    std::optional<RoomLog::Opened> open_segment(Client& client, std::uint32_t segment);

    // hub_rooms.cc
    void add_line(Room& room, Kind kind, const Client* from, std::string_view text);
    void flush_rooms();
    void wake_members(const Room& room);
    Room* find_room(std::string_view name);
    Room* find_entry(std::string_view word);
    std::vector<std::string> member_names(const Room& room) const;

    // hub_control.cc
    std::vector<common::ControlVerb> control_verbs();
    common::ControlAnswer announce(const std::string& rest);
    common::ControlAnswer list_rooms() const;
    common::ControlAnswer who() const;
    common::ControlAnswer kick(common::Words words);
    common::ControlAnswer stats() const;
    common::ControlAnswer history(common::Words words);
    void announce_to(Room* only, std::string_view text);

    const common::DaemonOptions& options_;
    std::vector<common::ConfigLine> config_;
    Settings settings_;
    common::Log& log_;
    SpawnerLink& spawner_;
    common::StateDirectory state_;
    common::Signals signals_;
    common::Loop loop_;
    common::Fd pages_fd_;
    common::StatusPages pages_;
    common::ControlServer control_;
    common::Acceptor acceptor_;
    std::optional<common::Capacity> capacity_; // once the listeners are there
    std::map<std::string, Room> rooms_;        // by name
    std::unordered_map<ClientNumber, Client> clients_;
    std::unordered_map<std::string, ClientNumber> names_; // folded
    std::map<std::string, std::size_t> by_host_;
    std::map<ClientNumber, std::size_t> pages_in_use_; // until the handler is known to have ended
    std::map<ClientNumber, std::size_t> orphans_;      // of those, handlers of a spawner that died
    std::vector<common::Accepted> arrivals_;           // of clients that wait for the next spawner
    std::map<Room*, std::vector<Pending>> dirty_;      // rooms with a batch, and who waits for its fate
    ClientNumber next_client_;
    std::uint32_t next_room_ = 1;
    std::uint64_t accepted_ = 0;
    std::uint64_t lines_ = 0;
    std::uint64_t crashed_ = 0;
    std::string console_;
    common::Clock::time_point started_ = common::Clock::now();
    bool stopping_ = false;
};

} // namespace chatd
