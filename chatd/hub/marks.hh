// SPDX-License-Identifier: ISC
// Who somebody is, whatever the name, and what was decided about people in a room: who is muted there, who
// has a voice. It follows the person, not the name, which anybody may have next. Run by the hub; without a
// clock of its own.
#pragma once

#include "common/network.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chatd {

struct Client;

using ClientNumber = std::uint64_t; // never given twice, also not after a restart

// How many of one kind there are in a room: beyond that the oldest goes, in the end that of somebody who is
// long gone. A client makes a room at will, and each mark is a deposit of its own (deposits.cc): there
// another one is refused. All rooms of the configuration have so many of both kinds together.
inline constexpr std::size_t max_marks_of_room = 1000, max_marks_of_made_room = 50,
                             max_marks_of_configured = 32'000;

// A client that comes back with its token is the same person, and so is one that gives the same user's
// password. Anybody else is another one.
struct Person {
    ClientNumber first = 0; // its first connection; 0: nobody
    std::string account{};  // the folded name of the user whose password it gave; empty: none

    bool is(const Person& other) const {
        return (first != 0 && first == other.first) || (!account.empty() && account == other.account);
    }
};

class Marks {
public:
    using Time = std::chrono::steady_clock::time_point;

    // In place of what there is of the same person. until: no value: until it is taken back. network: whoever
    // comes from there has it, too.
    void set(const Client& whom, std::optional<Time> until, std::optional<common::Network> network, Time now);
    // From whoever has this name; else from whoever had it last when it was set, or took it after that. whom:
    // the client that has the name, if one has. False: nobody had one.
    bool take_back(const std::string& folded_name, const Client* whom);
    bool has(const Client& client, Time now) const;
    // Of those that still hold, how many are not this client's.
    std::size_t count_others(const Client& client, Time now) const;
    // The client is called that now. Whether it has one.
    bool rename(const Client& client, const std::string& folded_name);

    struct Mark {
        Person whom{};
        std::string name{}; // that it has, or had last
        std::optional<common::Network> network{};
        std::optional<Time> until{};

        bool is_of(const Client& client) const;
    };
    const std::vector<Mark>& all() const { return marks_; }
    // As all told it, in an earlier hub; of more than most the oldest goes.
    void put_back(Mark mark, std::size_t most);

private:
    std::vector<Mark> marks_;
};

} // namespace chatd
