// SPDX-License-Identifier: ISC
// A client as the hub has it: the pair with its handler, its name, its rooms, and how much it may say. Run by
// the hub.
#pragma once

#include "chatd/hub/marks.hh"
#include "chatd/protocol.hh"
#include "chatd/settings.hh"
#include "common/address.hh"
#include "common/authd/login.hh"
#include "common/error_lines.hh"
#include "common/loop.hh"
#include "common/socket.hh"

#include <bitset>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace chatd {

class Room;

using Packet = std::span<const char>; // a frame from a handler (chatd/protocol.hh), which may be hostile

// Flood control: a bucket of tokens that fills steadily. A client that takes more than there is waits until
// its debt is paid. Without a clock of its own.
class TokenBucket {
public:
    using Time = std::chrono::steady_clock::time_point;

    // Takes so many tokens, each for a line. How long it is until all of them have come; zero: they were
    // there.
    std::chrono::milliseconds take(const FloodLimit& limit, double tokens, Time now);
    // How long it is until there are so many; nothing is taken.
    std::chrono::milliseconds time_until(const FloodLimit& limit, double tokens, Time now);
    // Whether nothing was taken for as long as it takes to fill it.
    bool is_full(const FloodLimit& limit, Time now);

private:
    void fill(const FloodLimit& limit, Time now);

    double tokens_ = 0;
    Time filled_{};
    bool begun_ = false;
};

// One that was accepted, and has no handler yet.
struct Arrival : common::Accepted {
    common::Fd
        relay{}; // under TLS, once that has begun, the pair with its relay; the socket is a stream then
};

// What outlives a hub: what the next one is given by the keeper, and believes (client_record.hh).
struct ClientFacts {
    enum class State : unsigned { naming = 1, entering = 2, inside = 4 };

    ClientNumber number = 0;
    common::Address address;
    common::Clock::time_point since = common::Clock::now();
    std::string listener;                 // where it came in: the keeper's label; empty: not known
    std::chrono::seconds login_timeout{}; // to come in; 0: it may take as long as it likes
    std::size_t page = 0;                 // its status page
    pid_t spawner = -1;                   // that it was handed to
    pid_t pid = -1;                       // its handler, until it is known
    State state = State::naming;
    unsigned wrong_passwords = 0;
    unsigned wrong_codes = 0;
    unsigned wrong_tokens = 0;
    std::uint16_t protocol = protocol_version; // that its handler speaks
    bool is_operator = false;                  // everywhere; operator_rooms: in these
    bool has_quit = false;
    bool is_program = false; // as it says itself, and so its real name
    std::uint8_t wishes = 0; // what it wants to be told of others: Witnesses
    std::string real_name;

    // Of its requests, the last one whose effect stands in these facts, and what it was answered.
    std::uint32_t done = 0;
    std::string answer;

    // Whom it does not want to see.
    struct Ignored {
        Person person;
        std::string name; // that it has, or had last
    };
    std::vector<Ignored> ignored;

    // Who it is.
    Person person; // also under other names
    std::string name;
    std::string claimed; // a name that has a password, which is yet to be given
    std::vector<std::string> operator_rooms;

    std::optional<std::string> away;
    std::string last_words;
    std::vector<ClientNumber> formers; // the clients that it was before it resumed
    // Of chat(1), as a newcomer after a connection: of rooms, by number, the first line that it was not
    // shown.
    std::map<std::uint32_t, std::uint64_t> seen;
};

struct Client : ClientFacts {
    std::string host;   // what it is counted by: Address::network
    std::string peer;   // the address, for people
    std::string folded; // the name, to be compared

    // Its handler.
    common::Watch pair;
    std::optional<Arrival> arrival; // until it has a handler: for another spawner

    common::ErrorLines errors; // what its handler writes on its standard error
    std::string tls_note;      // that it has left (chatd/tls_note.hh), once it has ended

    // What it has asked, and is not answered yet.
    std::uint32_t serial = 0;             // of the request that is worked for, 0: none
    std::uint32_t taken = 0;              // the last serial that this hub has taken
    bool is_changed = false;              // what it asked for may have changed the facts
    bool may_repeat = false;              // its last request, whose answer may be lost with an earlier hub
    bool awaits_here = false;             // from its handler: what comes before was said to an earlier hub
    std::vector<char> before_here;        // the last request of that
    std::uint32_t open = 0;               // the serial of the request that it repeats; 0: none
    bool owes_answer = false;             // to a line that is in a room's batch, or to one that waits
    std::unique_ptr<common::Login> login; // while authd is asked something
    common::Watch verdict;                // of its pair
    std::function<void(Client&, const common::Verdict&)> on_verdict;
    std::vector<char> held; // a frame that is held back
    SlowedBy held_by{};
    common::Loop::TimerId held_until{};
    TokenBucket bucket;
    common::Clock::time_point spoke = common::Clock::now(); // last, as far as this hub has heard
    std::bitset<slowed_by_count> was_told_to_wait;          // and by what
    // As long as it is in no room yet: Newcomers.
    common::Clock::time_point login_until{};
    common::Loop::TimerId login_timer{};

    // Where it is, and what it does there.
    struct Membership {
        Room* room;
        std::uint64_t shown_from; // the first line that its handler was to show
    };
    std::vector<Membership> rooms; // in the order of entering
    Room* last_room = nullptr;     // that it entered or spoke in last
    unsigned untaken = 0;          // private messages and the like that its handler has not got rid of
    // For Witnesses: by number, the last change of its being away, and of its real name; and of those of
    // others the first that it was not told.
    std::uint64_t presence_change = 0, real_name_change = 0;
    std::optional<std::uint64_t> missed_from;

    // To resume.
    struct Return {        // what it is told when the lines that tell of it are in the logs
        std::string token; // that it came with, if that stays good
        ClientNumber former;
        bool tells_formers;
        std::uint64_t counted; // or unknown_count
        std::size_t rooms;     // of whose entry it is told
    };
    std::optional<Return> returning;
    // Of its bytes, those up to the end of what its next frame is about, and those that were dealt with; no
    // value: an earlier hub knew, and its handler has not told it yet.
    std::optional<std::uint64_t> announced = 0;
    std::optional<std::uint64_t> counted = 0;
    std::vector<std::uint32_t> closed; // rooms that were closed while it was in them

    // It asks about such a room, which its handler had not heard of yet.
    struct RoomIsClosed {};

    // Whether it came in where that is spoken, and so has no need of a room.
    bool speaks_irc() const;
    // Whether it has come into a room; where IRC is spoken, is in one.
    bool is_let_in() const { return state == State::inside && (!speaks_irc() || !rooms.empty()); }
    bool is_in(const Room& room) const;
    // The room of this number. Throws RoomIsClosed, and common::PeerError if the client is not in it: a
    // handler that was not taken over asks only about rooms that its client is in.
    Room& room(std::uint32_t wanted) const;
};

} // namespace chatd
