// SPDX-License-Identifier: ISC
// One client's handler, in a process of its own: owns the client's socket, hands what its client wants to the
// hub one frame at a time, and follows the logs of the rooms that it was let into. Trusts the hub; trusts
// nothing the client sends. It may fall behind as far as it likes: what it has not read costs nobody
// anything.
//
// This class is the loop around what every client needs, and around one conversation (conversation.hh).
#pragma once

#include "chatd/handler/client_socket.hh"
#include "chatd/handler/conversation.hh"
#include "chatd/handler/followed_rooms.hh"
#include "chatd/handler/hub_frames.hh"
#include "chatd/handler/hub_talk.hh"
#include "chatd/tls_note.hh"
#include "common/fd.hh"
#include "common/poller.hh"
#include "common/signals.hh"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace chatd {

class Handler {
public:
    struct Parameters {
        common::Backend events{};
        std::chrono::seconds idle_timeout{}; // 0: none
    };
    using MakeConversation = std::function<std::unique_ptr<Conversation>(const HandlerSide& side)>;
    // hub: this handler's end of its pair with the hub; page: its status page.
    Handler(const Parameters& parameters, common::Fd client, common::Fd hub, std::span<std::byte> page,
            const MakeConversation& make_conversation);
    // Serves the client until it, or the hub, is gone; the exit status.
    int run();

private:
    // Each does what it can without waiting, and tells whether it did anything.
    bool read_hub();
    bool hear_of_tls();
    void note_tls();
    bool obey_client();
    bool work();
    bool tell_of_wait();
    bool write_client();

    bool is_done() const; // the client has ended its input, and nothing is left to do or to write
    void wait();
    std::optional<std::chrono::milliseconds> time_left() const; // no value: the client may be silent

    std::chrono::seconds idle_timeout_;
    common::Signals signals_;
    std::unique_ptr<common::Poller> poller_;
    TlsNote note_;
    ClientSocket client_;
    HubTalk hub_;
    FollowedRooms rooms_;
    std::unique_ptr<Conversation> conversation_;
    HubFrames frames_;
    int awaited_relay_ = -1; // the pair with the client's relay, as long as that has not told how it began
    bool is_relay_ready_ = false;
    bool has_noted_tls_ = false;
    std::chrono::steady_clock::time_point last_line_ = std::chrono::steady_clock::now();
};

} // namespace chatd
