// SPDX-License-Identifier: ISC
// A conversation with a server that speaks lines of text and knows nothing else: nc -l, or a chatd that is to
// be spoken to as nc does. Run by chat, which does not trust the server.
#pragma once

#include "chatd/chat/chat_front.hh"
#include "common/fd.hh"

#include <string_view>

namespace chatd {

struct LinesTalked {
    int signal = 0;       // that ended it
    bool was_cut = false; // by the server, and not by our side first
};

// Until the server ends it, or a signal. greeting: what the server has said already. Throws PeerError when
// the connection breaks.
LinesTalked talk_in_lines(common::Fd server, ChatFront& front, std::string_view greeting);

} // namespace chatd
