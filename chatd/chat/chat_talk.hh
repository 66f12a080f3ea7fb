// SPDX-License-Identifier: ISC
// A conversation with chatd over as many connections as it takes: the sockets and clocks around ChatSession.
// Run by chat, which does not trust the server.
#pragma once

#include "chatd/chat/chat_front.hh"
#include "chatd/chat/chat_session.hh"
#include "common/address.hh"
#include "common/fd.hh"

#include <chrono>
#include <string>
#include <vector>

namespace chatd {

inline constexpr std::chrono::seconds time_to_answer{3}; // an offer; a server that does not speaks lines
inline constexpr std::chrono::minutes longest_gap{2};    // between two connections of a pipe

// Whether the server takes the offer, and so is chatd; if not, what it has said is session.take_greeting().
// Throws PeerError when the connection breaks.
bool offer(const common::Fd& server, ChatSession& session);

// From there on. Where the connection breaks, the addresses are tried again for as long as it takes, in a
// pipe for longest_gap. Returns 0 when the server has said that this is the end, or when all that a pipe has
// said is dealt with; or the signal that ended it. Throws PeerError when the server is gone for good, or did
// not take what a pipe had to say.
int talk(common::Fd server, std::vector<common::Address> addresses, ChatSession& session, ChatFront& front,
         bool is_plain);

} // namespace chatd
