// SPDX-License-Identifier: ISC
// The conversation of one handler: its parts, each of which knows those before it, and what the hub says to
// them. Commands and typed lines act on all of them. Run by handlers, which trust the hub.
#pragma once

#include "chatd/handler/chat_option.hh"
#include "chatd/handler/client_input.hh"
#include "chatd/handler/client_output.hh"
#include "chatd/handler/completer.hh"
#include "chatd/handler/followed_rooms.hh"
#include "chatd/handler/hub_talk.hh"
#include "chatd/handler/lookup.hh"
#include "chatd/handler/registration.hh"
#include "chatd/handler/typing.hh"

#include <cstddef>
#include <cstdint>
#include <span>

namespace chatd {

struct Conversation {
    // reports_again: as HubTalk has it.
    Conversation(common::Fd client, const Catalogues& catalogues, Language language, common::Fd pair,
                 bool reports_again, std::span<std::byte> page)
        : output(std::move(client), catalogues, language),
          hub(std::move(pair), input, reports_again),
          rooms(output, hub, page) {}

    // Acts on one frame of the hub, and takes its descriptor. Throws PeerError if it is malformed, or not for
    // a handler.
    void handle(HubTalk::Heard& heard);
    // Whether it only waits: for the hub's answer, or for the result of a lookup that holds the client.
    bool is_busy() const { return hub.is_waiting() || lookup.holds_client(); }

    ClientOutput output;
    ClientInput input{output};
    HubTalk hub;
    FollowedRooms rooms;
    Lookup lookup{output, hub};
    ChatOption option{output, input, hub, rooms, lookup};
    Registration registration{output, input, hub, rooms, option};
    Completer completer{output, hub, rooms, registration};
    Typing typing{*this};
    std::uint64_t last_teller = 0; // who told this client something last; 0: nobody
};

} // namespace chatd
