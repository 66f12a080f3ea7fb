// SPDX-License-Identifier: ISC
// What the hub leaves with the keeper, so that the hub that follows it, if it dies, goes on where it was
// (takeover.hh): clients, tickets, rooms, bans that are not in their file yet. All goes to the keeper in its
// order. What is told to a client rests on what was deposited before: it is told when the system has taken
// that. Who has left, and what changed in rooms, is deposited after the lines that say so are in the logs.
// Run by the hub.
#pragma once

#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/hub/tickets.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// The labels, and in some of them numbers behind the words.
inline constexpr std::string_view label_of_pages = "pages", label_of_generation = "hub",
                                  label_of_made = "made", // the last number of a room that a client made

    label_of_client = "client ", label_of_ticket = "ticket ", label_of_room = "room ",
                                  label_of_mark = "mark ", label_of_room_log = "log ",
                                  label_of_ban_change = "ban ";

class Deposits {
public:
    // What KeeperLink does.
    struct Box {
        std::function<void(std::string_view label, std::string_view bytes, int fd)> put;
        std::function<void(std::string_view label)> withdraw;
        std::function<bool()> has_all; // the system has taken all that was put
    };
    // tickets must outlive this.
    Deposits(Box box, const Tickets& tickets) : box_(std::move(box)), tickets_(tickets) {}
    Deposits(const Deposits&) = delete;
    Deposits& operator=(const Deposits&) = delete;

    // Whether what rests on them can be told.
    bool has_all() const { return box_.has_all(); }

    // A newcomer, with its pair; before its handler is there.
    void put_new(const Client& client) { put(client, client.pair.fd()); }
    // The client is answered this: its request stands in its facts, if it was of that kind.
    void rest(Client& client, std::string_view answer);
    // It has left; its handler still uses its page, and is told this farewell, a frame, or nothing; or it has
    // ended.
    void note_left(const Client& client, std::string_view farewell);
    void note_ended(ClientNumber client) { gone_.push_back({client, {}}); }
    // Its ticket is no longer valid.
    void note_forgotten(ClientNumber client) { forgotten_.push_back(client); }

    // A client that an earlier hub had: what it had asked may be known by the logs alone, until it has said
    // what is unanswered, and that is answered, or it has gone.
    void note_unsettled(ClientNumber client) { unsettled_.insert(client); }
    void note_settled(ClientNumber client) { unsettled_.erase(client); }

    // After the logs were written: what happened before that. all_answered: of what was written before.
    void settle(Rooms& rooms, bool all_answered);
    // Whether the system has taken all that, too: who has left is not told before.
    bool has_settled() const { return gone_.empty() && has_all(); }
    // After the answers: a ticket was good until whoever has come back with it is deposited.
    void end_round();

    // A change of the bans (Bans::tell_changes), until the file has it. number: BackgroundSave's.
    void put_ban_change(std::uint64_t number, std::string_view change);
    // Whether somebody may make another one: so many wait for a file that cannot be written.
    static constexpr std::size_t max_ban_changes = 8192;
    bool has_room_for_ban_change() const { return ban_changes_.size() < max_ban_changes; }
    // Those that a hub before has left in a file.
    void put_tickets();
    // The file has the changes up to this one.
    void note_saved_bans(std::uint64_t number);

    // From now on nobody goes on with these who is of the version before.
    void forget_version_before() { is_for_before_ = false; }

    // What a predecessor has left, and nobody can use.
    void withdraw(std::string_view label) { box_.withdraw(label); }
    // As a predecessor has left them: a change of them is seen.
    void know_ticket(ClientNumber client) { tickets_put_.insert(client); }
    void know_ban_change(std::uint64_t number, std::string label);
    void know_parts(std::uint32_t room, std::map<std::string, std::string> parts) {
        parts_[room] = std::move(parts);
    }

private:
    struct Gone {
        ClientNumber client;
        std::string left; // its record; empty: nothing is left of it
    };
    void put(const Client& client, int pair);
    void settle(const Gone& gone);
    void withdraw_room(std::uint32_t number);
    void put(const Room& room);
    void put(const Tickets::Kept& ticket);

    Box box_;
    const Tickets& tickets_;
    std::vector<Gone> gone_; // since the last time the logs were written
    std::set<ClientNumber> unsettled_;
    std::vector<ClientNumber> forgotten_;
    std::set<ClientNumber> tickets_put_;
    std::map<std::uint32_t, std::map<std::string, std::string>> parts_; // of rooms: label and bytes
    struct BanChange {
        std::uint64_t number;
        std::string label;
    };
    std::deque<BanChange> ban_changes_;
    std::uint64_t next_label_ = 1;
    bool is_for_before_ = true;
    std::uint32_t last_made_ = 0; // the highest number of a room that a client has made
};

} // namespace chatd
