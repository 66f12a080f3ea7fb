// SPDX-License-Identifier: ISC
// Whom clients do not want to see. Their handlers leave out what those say, and know them by the numbers of
// their connections; so they are told of each further one before it says anything, and of other names. Run by
// the hub.
#pragma once

#include "chatd/hub/answers.hh"
#include "chatd/hub/people.hh"
#include "chatd/hub/tickets.hh"

#include <set>
#include <string>
#include <string_view>

namespace chatd {

class Ignores {
public:
    Ignores(People& people, Tickets& tickets, Answers& answers)
        : people_(people), tickets_(tickets), answers_(answers) {}

    // A request of a client: whoever has the name is ignored, or no longer.
    void on_ignore(Client& client, Packet packet);
    // The client has come, has come back, or has another name: those who ignore it are told.
    void tell_of(const Client& client);
    // A client that has come back is told of everybody whom it ignores.
    void tell_all(const Client& client);

    // One that an earlier hub had.
    void restore(const Client& client) {
        if (!client.ignored.empty()) ignoring_.insert(client.number);
    }

private:
    bool show_again(Client& client, const std::string& folded_name, const Client* whom);
    std::string numbers_of(const Person& person) const;
    void tell(const Client& client, const Client::Ignored& ignored, std::string_view numbers);

    People& people_;
    Tickets& tickets_;
    Answers& answers_;
    std::set<ClientNumber> ignoring_; // those who ignore anybody, and some who did
};

} // namespace chatd
