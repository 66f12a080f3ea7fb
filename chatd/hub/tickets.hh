// SPDX-License-Identifier: ISC
// The tokens with which a client takes its place again after its connection broke: 128 random bits that
// live in memory, with the keeper (deposits.hh), and between two daemons in a file (kept_places.hh). A client
// that comes back is given a new one. Run by the hub; without a clock of its own.
#pragma once

#include "chatd/hub/client.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatd {

// 32 hexadecimal digits of 128 bits from the system's source of randomness. Throws std::system_error.
std::string make_token();

class Tickets {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Stay { // in a room
        std::uint32_t room = 0;
        std::uint64_t shown_from = 0; // all from this line on has been shown, as far as the client took it
        std::uint32_t entry = 0;      // Room::entry() when it was there
    };
    struct Ticket {
        std::uint64_t client = 0; // while it is connected, and afterwards, too
        std::string name;
        Person person{};
        std::vector<Client::Ignored> ignored{};
        std::vector<Stay> stays{}; // the last one is in the room that it was in last
        // Of its bytes, those that were dealt with; no value: a hub that has died knew, and no other.
        std::optional<std::uint64_t> counted = 0;
        std::vector<std::uint64_t> formers{}; // the clients that it was before
        bool is_left = false;                 // its connection has ended; stays tell where it was
        Time expires{};                       // then
        std::string network{};                // that the client was from; empty: not counted by it
    };
    struct Kept {
        Ticket ticket;
        std::vector<std::string> tokens; // each is good
    };

    // A new token for this client; an earlier one is no longer valid. before: the one that it came with,
    // which stays good beside the new one, in case the new one never reaches it.
    std::string issue(std::uint64_t client, const std::string& name, std::string_view before = {});
    void rename(std::uint64_t client, const std::string& name);
    // Who the client is, and whom it does not want to see.
    void note(std::uint64_t client, const Person& person, const std::vector<Client::Ignored>& ignored);
    // How many are kept of clients that have left: of one network, which many behind one address share, and
    // of all. Of more than that the one goes that would expire first, of the network that has the most.
    static constexpr std::size_t max_left_of_network = 4096, max_left = 32768;

    // The client's connection has ended. network: as Address::network tells it, or empty for clients that are
    // not to be counted by it.
    void keep(std::uint64_t client, std::vector<Stay> stays, std::optional<std::uint64_t> counted,
              std::vector<std::uint64_t> formers, Time until, const std::string& network = {});
    // It will not come back this way.
    void forget(std::uint64_t client);
    // Whose token it is; no value if it is unknown or no longer valid. It stays good until forgotten.
    std::optional<Ticket> find(std::string_view token, Time now) const;
    // This client's; no value when it has none, or gave it up.
    std::optional<Ticket> of(std::uint64_t client) const;
    // Who had this name, and whose connection has ended; nobody: {}.
    Person left_under(std::string_view folded_name, Time now) const;
    // The clients that this person is and was, by the tickets that there are.
    std::vector<std::uint64_t> numbers_of(const Person& person) const;
    void drop_expired(Time now);
    // Of all clients that have left.
    std::vector<Kept> left() const;
    // This client's; no value when it has none.
    std::optional<Kept> kept_of(std::uint64_t client) const;
    // Its tokens; none: it has no ticket.
    std::vector<std::string> tokens_of(std::uint64_t client) const;
    // Called when a ticket of one that has left is no longer valid.
    void tell_forgotten(std::function<void(std::uint64_t client)> on_forgotten) {
        on_forgotten_ = std::move(on_forgotten);
    }
    // As left or kept_of told it, of an earlier hub.
    void put_back(Kept kept);
    std::size_t size() const { return by_client_.size(); }

private:
    void insert(Kept kept);
    void note_left(const Ticket& ticket);
    void forget_left(const Ticket& ticket);
    void drop_excess(const std::string& network);

    // A token is found by its first digits, and compared whole in constant time: how long that takes tells
    // only of those, and the others are more than anybody guesses.
    static constexpr std::size_t lookup_digits = 8;
    using Lookup = std::multimap<std::string, std::uint64_t, std::less<>>;

    std::map<std::uint64_t, Kept> by_client_;
    Lookup by_digits_; // whose it is
    using Left = std::set<std::pair<Time, std::uint64_t>>;
    Left left_; // when which of them expires
    std::map<std::string, Left> left_by_network_;
    std::function<void(std::uint64_t)> on_forgotten_ = [](std::uint64_t) {};
};

} // namespace chatd
