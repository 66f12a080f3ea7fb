// SPDX-License-Identifier: ISC
// A client as the keeper has it for the next hub: its facts, the rooms that it is in, the tokens with which
// it comes back; of one that has left, what its handler still uses; and the ticket of one that may come back.
// Run by the hub.
#pragma once

#include "chatd/hub/client.hh"
#include "chatd/hub/tickets.hh"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct ClientRecord {
    ClientFacts facts{};
    struct Stay {
        std::uint32_t room;
        std::uint64_t shown_from;
    };
    std::vector<Stay> rooms{};
    std::vector<std::string> tokens{}; // none: it has no ticket
    bool has_left = false;             // of the facts only number, page and spawner count
};

ClientRecord record_of(const Client& client, std::vector<std::string> tokens);
std::string pack_client(const ClientRecord& record);
// Throws common::PeerError for what neither pack_client nor that of the version before makes.
ClientRecord unpack_client(std::string_view bytes);
// The same for the ticket of one that has left.
std::string pack_ticket(const Tickets::Kept& kept);
Tickets::Kept unpack_ticket(std::string_view bytes);

} // namespace chatd
