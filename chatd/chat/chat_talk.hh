// SPDX-License-Identifier: ISC
// Conversations with a server: with chatd over as many connections as it takes (the sockets and clocks around
// ChatSession), and with one that knows nothing but lines of text: nc -l, or a chatd that is to be spoken to
// as nc does. Run by chat, which does not trust the server.
#pragma once

#include "chatd/chat/chat_front.hh"
#include "chatd/chat/chat_session.hh"
#include "chatd/chat/connection.hh"
#include "common/address.hh"

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// How long to wait before a connection is tried again: longer each time, and not the same for all the clients
// of a server that has just started again. Without a clock.
class RetryPauses {
public:
    static constexpr std::chrono::milliseconds first{500}, max{30'000};

    explicit RetryPauses(unsigned seed) : random_(seed) {}

    // From half of the present pause to the whole; the next will be twice as long.
    std::chrono::milliseconds next() {
        const auto whole = static_cast<int>(pause_.count());
        pause_ = std::min(2 * pause_, max);
        return std::chrono::milliseconds{std::uniform_int_distribution{whole / 2, whole}(random_)};
    }
    void start_over() { pause_ = first; }

private:
    std::minstd_rand random_;
    std::chrono::milliseconds pause_ = first;
};

inline constexpr std::chrono::seconds time_to_answer{3}; // an offer; a server that does not speaks lines
inline constexpr std::chrono::seconds time_to_speak{20}; // at all: its hub may just be replaced
inline constexpr std::chrono::minutes max_gap{2};        // of a pipe, in which it is not inside

// Where the server is, and how it is spoken to.
struct Server {
    std::vector<common::Address> addresses;
    common::TlsClient* tls = nullptr; // none: in the clear
};

// Connects, within so long, and begins TLS. Throws std::system_error, and as TlsClient::secure does.
Connection connect_to_server(const Server& server, std::chrono::milliseconds patience);

// Makes the offer. The connection, on which the server has taken it and so is chatd
// (session.is_understood()), or has not: then what it has said so far is session.take_greeting(). A server
// that ends the connection instead is stopping, or has no room just now: a pipe connects again, as in talk(),
// and gives up when the server goes on ending it. Throws PeerError then, and when the connection of a person
// breaks.
Connection make_offer(Connection connection, const Server& server, ChatSession& session, bool is_plain);

// From there on. Where the connection breaks, the server is tried again for as long as it takes, in a
// pipe for max_gap. Returns 0 when the server has said that this is the end, or when all that a pipe has
// said is dealt with; or the signal that ended it. Throws PeerError when the server is gone for good, or did
// not take what a pipe had to say.
int talk(Connection connection, const Server& server, ChatSession& session, ChatFront& front, bool is_plain);

struct LinesTalked {
    int signal = 0;       // that ended it
    bool was_cut = false; // by the server, and not by our side first
};

// Until the server ends it, or a signal. greeting: what the server has said already. Throws PeerError when
// the connection breaks.
LinesTalked talk_in_lines(Connection connection, ChatFront& front, std::string_view greeting);

} // namespace chatd
