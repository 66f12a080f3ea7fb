// SPDX-License-Identifier: ISC
// The bans: from one room or from all, of a name and the person that had it, or of a network, for how long
// and by whom. Read from a file of the state directory at the start; it is saved beside the hub's work
// (background_save.hh). Run by the hub.
#pragma once

#include "chatd/hub/marks.hh"
#include "common/network.hh"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct Ban {
    using Time = std::chrono::system_clock::time_point;
    std::string whom; // a folded name, or a network
    std::string room; // empty: everywhere
    std::optional<Time> until;
    std::string by;                           // a name; empty: the administrator
    Person person{};                          // who had the name, if anybody had it
    std::optional<common::Network> network{}; // whom, or where the person came from, if that was asked for

    // Whoever has the name, is the user of that name, is the person, or comes from the network.
    bool is_of(const Client& client) const;
    bool is_of(const Person& somebody) const;
    // Not whom, but that person's address.
    bool has_address() const { return network && network->shown() != whom; }
};

// Of a ban or a mute, common/amounts.hh: "90s", "10m", "2h"; no value if it is not a duration, or 0, or more
// than ten years.
std::optional<std::chrono::seconds> parse_duration(std::string_view word);

// What a typed word stands for: a network in the one way that common::Network shows it, else a folded name.
std::string whom_of(const std::string& word);

class Bans {
public:
    // Reads the file, if it exists, however long it is. Throws common::UserError, naming file and line, for a
    // line that is not a ban.
    explicit Bans(const std::string& path);
    // Called after each change, with what apply does again.
    using OnChange = std::function<void(const std::string& change)>;
    void tell_changes(OnChange on_change) { on_change_ = std::move(on_change); }
    // Makes a change again that an earlier hub was told of, and which may be made already; nobody is told.
    // Throws common::UserError for what is none.
    void apply(const std::string& change);
    // What the file is to hold now.
    std::string lines() const;

    // Replaces a ban of the same person from the same room.
    void add(Ban ban);
    // False if there is no such ban.
    bool remove(std::string_view whom, std::string_view room);
    // The room is no more: what its operators have decided in it is over; what the administrator has is not.
    void forget_room(std::string_view room);
    // Whether an operator may add this one: it takes another's place, or there are not too many by operators
    // in its room yet.
    bool has_room_for(const Ban& ban, bool is_made_by_client) const;
    // Whether there is a ban of exactly this name or network from the room (empty: from the server). So a
    // name that nobody is to take.
    bool keeps_out(std::string_view whom, std::string_view room, Ban::Time now) const;
    // That ban; no value if there is none.
    std::optional<Ban> find(std::string_view whom, std::string_view room, Ban::Time now) const;
    // Whether a ban is of this client, person or address.
    bool keeps_out(const Client& client, std::string_view room, Ban::Time now) const;
    bool keeps_out(const Person& person, std::string_view room, Ban::Time now) const;
    bool keeps_out(const common::Address& address, std::string_view room, Ban::Time now) const;
    // The room of a ban of this person that still holds, empty for a ban from everywhere; no value if there
    // is none.
    std::optional<std::string> room_of_ban(std::string_view whom, Ban::Time now) const;
    // Those that still hold.
    std::vector<Ban> all(Ban::Time now) const;

private:
    template <class Predicate>
    bool any(std::string_view room, Ban::Time now, Predicate is_meant) const;
    bool drop(const std::function<bool(const Ban&)>& is_meant);
    void insert(Ban ban);

    std::vector<Ban> bans_;
    OnChange on_change_ = [](const std::string&) {};
};

} // namespace chatd
