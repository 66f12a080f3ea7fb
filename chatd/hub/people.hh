// SPDX-License-Identifier: ISC
// Everybody who is here: the clients by their numbers, their names and the networks that they are from. Run
// by the hub; without a descriptor or clock of its own, except for the first number.
#pragma once

#include "chatd/hub/client.hh"
#include "chatd/hub/room.hh"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace chatd {

class People {
public:
    using All = std::unordered_map<ClientNumber, Client>;

    People();

    // A client with a number of its own; it stays where it is in memory until it is removed.
    Client& add(const common::Address& address);
    // One that an earlier hub had, with its name.
    Client& restore(ClientFacts facts);
    // Its name is free again. It is no longer in any room.
    void remove(const Client& client);
    // Its first name, or another one, which refuse says is free.
    void give_name(Client& client, const std::string& name);

    Client* find(ClientNumber number);
    // By its name, in any case.
    Client* find(std::string_view name);
    // The same, when it is in the room; without a room (null) wherever it is.
    Client* find_in(const Room* room, std::string_view name);
    // name_taken or name_alike, if another client, or anybody, has it, or one that looks like it.
    std::optional<Refusal> refuse(std::string_view name, ClientNumber for_other_than = 0) const;

    std::size_t count() const { return clients_.size(); }
    std::size_t count_from(const std::string& network) const; // Address::network
    std::uint64_t added() const { return added_; }            // since the start
    All& all() { return clients_; }
    const All& all() const { return clients_; }

private:
    void take_name(const Client& client); // its name is free again, if it has one
    void index_name(Client& client);
    void count(Client& client);

    All clients_;
    std::unordered_map<std::string, ClientNumber> names_;      // folded
    std::unordered_map<std::string, ClientNumber> likenesses_; // of the names
    std::map<std::string, std::size_t> by_network_;
    ClientNumber next_;
    std::uint64_t added_ = 0;
};

} // namespace chatd
