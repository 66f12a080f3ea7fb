// SPDX-License-Identifier: ISC
// A client as the hub has it: the pair with its handler, its name and its rooms. Run by the hub.
#pragma once

#include "chatd/hub/room.hh"
#include "chatd/hub/token_bucket.hh"
#include "common/address.hh"
#include "common/authd/login.hh"
#include "common/loop.hh"
#include "common/socket.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace chatd {

struct Client {
    enum class State : unsigned { naming = 1, entering = 2, inside = 4 };

    std::uint64_t number = 0; // never given twice, also not after a restart
    common::Fd pair;
    std::size_t page = 0;
    std::string host;
    std::string peer;
    pid_t pid = -1;
    State state = State::naming;
    common::Address address;
    std::string claimed;                  // a name that has a password, which is yet to be given
    std::unique_ptr<common::Login> login; // while authd is asked something
    std::function<void(Client&, const common::Verdict&)> on_verdict;
    unsigned wrong_passwords = 0;
    bool is_operator = false;                // everywhere
    std::vector<std::string> operator_rooms; // in these
    std::string name;
    std::string folded; // the name, to be compared
    struct Membership {
        Room* room;
        std::uint64_t shown_from; // the first line that its handler was to show
    };
    std::vector<Membership> rooms; // in the order of entering
    Room* last_room = nullptr;     // that it entered or spoke in last
    std::optional<std::string> away;
    std::string last_words;
    unsigned wrong_codes = 0;
    unsigned wrong_tokens = 0;
    unsigned untaken = 0;     // private messages that its handler has not got rid of
    bool owes_answer = false; // to a line that is in a room's batch, or to one that waits
    bool has_quit = false;
    std::uint64_t announced = 0;        // of its bytes, those up to the end of what its next frame is about
    std::uint64_t counted = 0;          // and those that were dealt with
    std::vector<std::uint64_t> formers; // the clients that it was before it resumed
    TokenBucket bucket;
    bool was_told_to_wait = false;
    std::vector<char> waiting; // a frame that flood control holds back
    common::Loop::TimerId wait_timer{};
    std::optional<common::Accepted> arrival; // until it has a handler: for another spawner
    common::Clock::time_point since = common::Clock::now();

    bool is_in(const Room& room) const {
        for (const Membership& membership : rooms)
            if (membership.room == &room) return true;
        return false;
    }
};

} // namespace chatd
