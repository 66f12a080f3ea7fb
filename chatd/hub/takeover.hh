// SPDX-License-Identifier: ISC
// How a hub takes over from one that has died: what that one left with the keeper (deposits.hh) becomes
// rooms, clients and tickets again; what the logs have beyond that is believed, too. Then each handler is
// asked to repeat what is unanswered. Run by the hub, once, at its start.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/background_save.hh"
#include "chatd/hub/client_record.hh"
#include "chatd/hub/departures.hh"
#include "chatd/hub/deposits.hh"
#include "chatd/hub/handler_pool.hh"
#include "chatd/hub/ignores.hh"
#include "chatd/hub/newcomers.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/hub/tickets.hh"
#include "common/keeper/keeper_link.hh"
#include "common/log.hh"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatd {

class Takeover {
public:
    struct Parts {
        common::Log& log;
        People& people;
        Rooms& rooms;
        Tickets& tickets;
        Bans& bans;
        BackgroundSave& saved_bans;
        Deposits& deposits;
        Answers& answers;
        Departures& departures;
        Newcomers& newcomers;
        Ignores& ignores;
        HandlerPool& pool;
    };
    // take_left: KeeperLink's. spawner: the pid of the one that is there; -1: none. may_lose: false where
    // the hub before can go on: then what is wrong is thrown as common::UserError.
    using TakeLeft = std::function<std::vector<common::KeeperLink::Left>(std::string_view begin)>;
    Takeover(TakeLeft take_left, const Parts& parts, pid_t spawner, bool may_lose = true)
        : take_left_(std::move(take_left)), parts_(parts), spawner_(spawner), may_lose_(may_lose) {}

    // In this order. What is wrong with a record costs that one, and is said in the log; it is withdrawn, and
    // so are parts of a room that has no record. Rooms of the
    // configuration that were not there are not made; what it says of the others takes effect, and where it
    // cannot, settings has what is in force.
    void restore_bans();
    void restore_rooms(Settings& settings);
    void restore_tickets();
    void restore_clients();
    // How many hubs there were in this daemon, with this one.
    std::uint32_t count_hubs() const;
    // To each handler: it repeats what is unanswered. hub: this one's number. suspect: a client that is let
    // go, since two hubs died while they worked for it; 0: none.
    void ask_to_repeat(std::uint32_t hub, ClientNumber suspect);

private:
    struct OfRoom { // beside its own record
        std::vector<RoomLog::KeptFile> log{};
        std::vector<std::pair<bool, Marks::Mark>> marks{}; // whether it is a mute, or a voice
        std::map<std::string, std::string> parts{};        // all of it, as it is deposited
    };
    template <class Work>
    bool attempt(std::string_view label, const Work& work);
    template <class Work>
    bool read(const common::KeeperLink::Left& left, const Work& work);
    void withdraw_parts(const OfRoom& of_room);
    void let_go(const common::KeeperLink::Left& client);
    std::map<std::uint32_t, OfRoom> take_parts();
    void restore_client(ClientRecord record, common::Fd pair);
    void follow_log(Room& room, const std::vector<Record>& tail);
    std::optional<Farewell> why_left(const Client& client, const Room& room, const std::vector<Record>& tail,
                                     const Record& left) const;
    void complete_departure(Client& client);
    void note_last_place(Room& room, const Record& record);

    TakeLeft take_left_;
    std::map<Room*, std::vector<Record>> tails_; // of their logs, behind what was deposited
    struct Departure {
        std::string last_words{};
        std::optional<Farewell> why{}; // no value: no log tells
    };
    std::map<ClientNumber, Departure> departed_; // of whose end the logs tell already
    struct Place {
        Room* room;
        std::int64_t time;
    };
    std::map<ClientNumber, Place> last_places_; // where each has come or spoken last, as the logs tell
    Parts parts_;
    pid_t spawner_;
    bool may_lose_;
};

} // namespace chatd
