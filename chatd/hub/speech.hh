// SPDX-License-Identifier: ISC
// What members say, in rooms and to one another, and of themselves. Run by the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/rooms.hh"
#include "chatd/hub/witnesses.hh"

namespace chatd {

class Speech {
public:
    Speech(People& people, Rooms& rooms, Answers& answers, Witnesses& witnesses)
        : people_(people), rooms_(rooms), answers_(answers), witnesses_(witnesses) {}

    // Requests of members.
    void on_say(Client& client, Packet packet);
    void on_tell(Client& client, Packet packet);
    void on_tell_as(Client& client, Packet packet); // with how it is meant
    void on_took(Client& client, Packet packet);
    void on_topic(Client& client, Packet packet);
    void on_away(Client& client, Packet packet);

private:
    struct Words; // to one client
    void tell(Client& client, const Words& words);

    People& people_;
    Rooms& rooms_;
    Answers& answers_;
    Witnesses& witnesses_;
};

} // namespace chatd
