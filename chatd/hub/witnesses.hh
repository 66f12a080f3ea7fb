// SPDX-License-Identifier: ISC
// Who wants to be told what others in its rooms do of which no room's log tells: that they are away or back,
// have another real name, or ask somebody in. Its handler has said so with `describe'. Whoever takes
// what it is told is told everything; who is behind hears later how it is then, and not of each change.
// Nobody waits for anybody. Run by the hub.
#pragma once

#include "chatd/hub/client.hh"
#include "chatd/hub/room.hh"
#include "chatd/protocol.hh"

#include <cstdint>
#include <string>

namespace chatd {

class Witnesses {
public:
    // So many of what is told wait for one slow client: half of max_untaken, so that private messages come
    // through.
    static constexpr unsigned most_waiting = max_untaken / 2;

    // To those in the same rooms, each once. The client is away, or back; or has another real name.
    void tell_presence(Client& client);
    void tell_real_name(Client& client);
    // The client, who may be away, has come into the room, whose log says so.
    void tell_entry(Client& client, const Room& room);
    // To operators of the room. Only who is not behind hears of it.
    static void tell_invitation(const Client& client, const Client& guest, const Room& room);

    // The client has taken something of what it was told: if that was all, it is told what it has missed.
    static void catch_up(Client& client);

private:
    static void tell(Client& witness, const std::string& frame, std::uint64_t change);
    static bool send(Client& witness, const std::string& frame);

    std::uint64_t last_change_ = 0; // of anybody
};

} // namespace chatd
