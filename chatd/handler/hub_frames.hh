// SPDX-License-Identifier: ISC
// What each frame of the hub means for a handler, whatever kind of conversation it has: which request is
// answered, how the logs go on, what another hub has to hear, who is not to be heard. What is to be said of
// it is the conversation's. Run by handlers, which trust the hub.
#pragma once

#include "chatd/handler/conversation.hh"

#include <cstdint>
#include <span>
#include <vector>

namespace chatd {

class HubFrames {
public:
    HubFrames(const HandlerSide& side, Conversation& conversation)
        : client_(side.client), hub_(side.hub), rooms_(side.rooms), conversation_(conversation) {}

    // Acts on one frame of the hub, and takes its descriptor. Throws PeerError if it is malformed, or not for
    // a handler.
    void handle(HubTalk::Heard& heard);

private:
    using Packet = std::span<const char>;
    struct Rule {
        Message message;
        bool is_answer; // to what was asked
        void (HubFrames::*act)(const HubRequest& request, Packet packet, common::Fd passed);
    };
    static std::span<const Rule> rules();

    void take_acceptance(const HubRequest& request, Packet packet, common::Fd);
    void take_refusal(const HubRequest& request, Packet packet, common::Fd);
    void enter(const HubRequest& request, Packet packet, common::Fd log);
    void take_segment(const HubRequest& request, Packet packet, common::Fd log);
    void take_listing(const HubRequest& request, Packet packet, common::Fd);
    void resume(const HubRequest& request, Packet packet, common::Fd);
    void be_dismissed(const HubRequest&, Packet packet, common::Fd);
    void be_told(const HubRequest&, Packet packet, common::Fd);
    void be_told_as(const HubRequest&, Packet packet, common::Fd);
    void be_told_of(const HubRequest&, Packet packet, common::Fd);
    void take_token(const HubRequest&, Packet packet, common::Fd);
    void be_slowed(const HubRequest&, Packet packet, common::Fd);
    void hear_of_ignored(const HubRequest&, Packet packet, common::Fd);
    void begin_again(const HubRequest&, Packet packet, common::Fd);
    void lose_room(const HubRequest&, Packet packet, common::Fd);
    void be_under_tls(const HubRequest&, Packet packet, common::Fd relay);

    ClientSocket& client_;
    HubTalk& hub_;
    FollowedRooms& rooms_;
    Conversation& conversation_;
    std::vector<std::uint64_t> formers_; // the clients that this one was before it resumed
};

} // namespace chatd
