// SPDX-License-Identifier: ISC
// The hub: chatd's parent process. Accepts clients and hands them to the spawner; owns names, rooms, rights
// and the room logs; wakes the handlers that sleep; serves the control socket and the administrator's
// console. It never reads a byte from a client, and checks every frame from a handler, which may have been
// taken over.
#pragma once

#include "chatd/hub/bans.hh"
#include "chatd/hub/client.hh"
#include "chatd/hub/console.hh"
#include "chatd/hub/log_print.hh"
#include "chatd/hub/room.hh"
#include "chatd/hub/spawner_link.hh"
#include "chatd/hub/tickets.hh"
#include "chatd/protocol.hh"
#include "chatd/settings.hh"
#include "common/acceptor.hh"
#include "common/authd/authd_link.hh"
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

    // Says where it listens, calls on_ready with the addresses, a blank between them, and serves until it is
    // told to stop. Returns the exit status.
    using OnReady = std::function<void(std::string_view places)>;
    int run(const OnReady& on_ready);

private:
    using ClientNumber = std::uint64_t;
    using State = Client::State;
    // What is answered when a room's batch is in its log, or is not.
    struct Pending {
        ClientNumber client;
        std::uint64_t joined_line = 0; // of one that enters; 0 for speech
        std::uint64_t missed_from = 0; // of one that resumes: the first line to show
    };
    // Who does something to others: an operator among the clients, or the administrator.
    struct Actor {
        const Client* client = nullptr;
        std::string name() const { return client == nullptr ? std::string{} : client->name; }
    };
    using Packet = std::span<const char>;
    struct FrameRule; // which frame is for which state, and what does it: hub_clients.cc
    struct ActRule;   // which act takes which arguments, and what does it: hub_moderation.cc

    // hub.cc
    void make_rooms();
    Room& make_room(const RoomSettings& settings);
    void wait_for_spawner();
    void handle_signals();
    void reap();
    // Reads the configuration again; says what has to wait for the next start, or could not be done. Throws,
    // and leaves the old one, when something is wrong with it.
    std::vector<std::string> reload();
    void reload_as_told();
    void update_rooms(std::vector<RoomSettings>& wanted, std::vector<std::string>& told);
    void update_room(Room& room, RoomSettings& wanted, std::vector<std::string>& told);
    void report_status();
    void stop();
    void announce_typed(std::string_view line);
    void update_acceptor();
    std::size_t most_clients_now() const;
    void report_capacity();

    // hub_clients.cc: handing clients over, their frames, their end.
    void start_client(common::Accepted accepted);
    void on_spawned(ClientNumber number, pid_t pid);
    void on_ended(ClientNumber number, int status);
    void on_spawner_lost();
    void on_spawner_ready();
    void release_orphan(ClientNumber number);
    void read_client(ClientNumber number);
    void lose_handler(Client& client);
    void handle(Client& client, Packet packet);
    void hold_back(Client& client, Packet packet, std::chrono::milliseconds time);
    void let_go(ClientNumber number);
    void answer(Client& client, const std::string& packet, int passed = -1);
    void refuse(Client& client, Refusal why);
    void accept(Client& client, std::string_view words = {});
    void send_listing(Client& client, std::uint32_t skip, const std::vector<std::string>& lines);
    void leave(ClientNumber number);
    void leave_room(Client& client, Room& room);
    void punish(Client& client, std::string_view why);
    void dismiss(Client& client, Farewell why, std::string_view words = {});

    // hub_entry.cc: names, codes, tokens, coming and going.
    void on_name(Client& client, Packet packet);
    void on_nick(Client& client, Packet packet);
    void rename(Client& client, const std::string& name);
    void on_enter(Client& client, Packet packet);
    void on_leave(Client& client, Packet packet);
    void on_quit(Client& client, Packet packet);
    void on_resume(Client& client, Packet packet);
    void on_counted(Client& client, Packet packet);
    std::optional<Refusal> refuse_person(const Client& client, const std::string& name) const;
    std::optional<Refusal> refuse_entry(const Client& client, const Room& room) const;
    Room* find_entry(Client& client, std::string_view name, std::string_view code);
    void refuse_code(Client& client);
    void enter_room(Client& client, Room& room, std::uint64_t missed_from);
    void let_in(Client& client, Room& room, const Pending& pending);
    void give_token(Client& client, std::string_view before = {});
    struct Return; // how a client wants to resume
    void take_place(Client& client, const Tickets::Ticket& ticket, const Return& wanted);

    // hub_login.cc: what only authd can tell.
    void start_authd();
    using OnVerdict = std::function<void(Client&, const common::Verdict&)>;
    void ask_authd(Client& client, common::LoginKind kind, std::string_view name, std::string_view password,
                   OnVerdict on_verdict);
    void hear_verdict(ClientNumber number);
    void on_login(Client& client, Packet packet);
    void on_oper(Client& client, Packet packet);
    void refuse_password(Client& client, const common::Verdict& verdict);
    void take_name(Client& client, const std::string& name);
    void enter_by_hash(Client& client, std::string_view name, std::string_view code);

    // hub_talk.cc: what members say, and ask.
    void on_say(Client& client, Packet packet);
    void on_tell(Client& client, Packet packet);
    void on_took(Client& client, Packet packet);
    void on_topic(Client& client, Packet packet);
    void on_away(Client& client, Packet packet);
    void on_next_segment(Client& client, Packet packet);
    void on_find(Client& client, Packet packet);
    void on_who(Client& client, Packet packet);
    void on_rooms(Client& client, Packet packet);
    void send_segment(Client& client, const Room& room, const Position& from);
    Room& room_of(const Client& client, std::uint32_t number);
    std::optional<Refusal> refuse_speech(const Client& client, const Room& room) const;
    void set_topic(Room& room, const Client* by, std::string_view topic);

    // hub_rooms.cc
    void add_line(Room& room, Kind kind, const Client* from, std::string_view text);
    void flush_rooms();
    void answer_pending(Room& room, const Pending& pending, bool written);
    void close_empty_rooms();
    void tell_news();
    void wake_members(const Room& room);
    std::optional<RoomLog::Opened> open_segment(Client& client, const Room& room, std::uint32_t segment);
    Room* find_room(std::string_view name);
    Room* find_room(std::uint32_t number);
    std::vector<std::string> member_rows(const Room& room) const;
    std::vector<std::string> room_rows(const Client& asks) const;

    // hub_moderation.cc
    void on_act(Client& client, Packet packet);
    void on_bans(Client& client, Packet packet);
    bool is_operator(const Client& client, const Room* room) const;
    std::optional<Refusal> act(const Actor& actor, Room* room, Kind kind, common::Words arguments);
    std::optional<Refusal> kick(const Actor& actor, Room* room, common::Words arguments);
    std::optional<Refusal> mute(const Actor& actor, Room* room, common::Words arguments);
    std::optional<Refusal> unmute(const Actor& actor, Room* room, common::Words arguments);
    std::optional<Refusal> ban(const Actor& actor, Room* room, common::Words arguments);
    std::optional<Refusal> unban(const Actor& actor, Room* room, common::Words arguments);
    std::optional<Refusal> moderate(const Actor& actor, Room* room, common::Words arguments);
    std::optional<Refusal> unmoderate(const Actor& actor, Room* room, common::Words arguments);
    std::optional<Refusal> voice(const Actor& actor, Room* room, common::Words arguments);
    std::optional<Refusal> unvoice(const Actor& actor, Room* room, common::Words arguments);
    void note_act(const Actor& actor, Room* room, Kind kind, std::string_view whom);
    void expel(ClientNumber number, Farewell why, std::string_view words);
    std::vector<std::string> ban_rows(const Room* room) const;
    Client* find_client(std::string_view name);
    Client* find_member(const Room& room, std::string_view name);

    // hub_control.cc
    std::vector<common::ControlVerb> control_verbs();
    common::ControlAnswer announce(const std::string& rest);
    common::ControlAnswer note(const std::string& rest);
    common::ControlAnswer list_rooms() const;
    common::ControlAnswer who() const;
    common::ControlAnswer act_by_verb(Kind kind, common::Words words);
    common::ControlAnswer unban_by_verb(const std::string& room, const std::string& word);
    common::ControlAnswer list_bans() const;
    common::ControlAnswer set_topic_by_verb(const std::string& rest);
    common::ControlAnswer shut_down(const std::string& words);
    common::ControlAnswer stats() const;
    common::ControlAnswer history(common::Words words);
    static void read_since(const std::string& word, PrintOptions& options);
    Room& known_room(std::string_view name);
    void announce_to(Room* only, std::string_view text);

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
    common::ControlServer control_;
    common::Acceptor acceptor_;
    Console console_{loop_};
    std::optional<common::Capacity> capacity_; // once the listeners are there
    std::optional<common::AuthdLink> authd_;   // with a user file, or something that is kept as a hash
    Bans bans_;
    Tickets tickets_;
    std::map<std::string, Room> rooms_; // by name
    std::unordered_map<ClientNumber, Client> clients_;
    std::unordered_map<std::string, ClientNumber> names_; // folded
    std::map<std::string, std::size_t> by_host_;
    std::map<ClientNumber, std::size_t> pages_in_use_; // until the handler is known to have ended
    std::map<ClientNumber, std::size_t> orphans_;      // of those, handlers of a spawner that died
    std::vector<common::Accepted> arrivals_;           // of clients that wait for the next spawner
    std::map<Room*, std::vector<Pending>> dirty_;      // rooms with a batch, and who waits for its fate
    std::set<const Room*> news_;                       // rooms whose members are yet to be woken
    unsigned rounds_with_news_ = 0;
    ClientNumber next_client_;
    std::uint32_t next_room_ = 1;
    std::uint64_t accepted_ = 0;
    std::uint64_t lines_ = 0;
    std::uint64_t crashed_ = 0;
    std::string farewell_; // of the administrator, for those who are here when it stops
    common::Clock::time_point started_ = common::Clock::now();
    bool stopping_ = false;
};

} // namespace chatd
