// SPDX-License-Identifier: ISC
// What stood in the rooms' logs when this hub began, and may be asked for once more, since the hub before
// died before it had answered: then it is not written again. Run by the hub, of which there is nothing here
// when it follows none.
#pragma once

#include "chatd/hub/room.hh"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace chatd {

class StandingLines {
public:
    void know(const Room& room, const Record& record);
    // That the client, whose end it was, has left the room: Departures::end writes it once.
    void know_departure(const Room& room, ClientNumber client, std::uint64_t line) {
        lines_[client].push_back({room.number(), 0, Kind::left, line});
    }
    // The number of such a line of the client's present request; nth: of its lines of this kind in this
    // room, from 0. 0: none stood there.
    std::uint64_t find(const Room& room, Kind kind, const Client& client, std::uint32_t nth = 0) const;
    bool has(const Room& room, Kind kind, const Client& client) const {
        return find(room, kind, client) != 0;
    }
    // The client asks for none of that any more.
    void forget(ClientNumber client) { lines_.erase(client); }

private:
    struct Line {
        std::uint32_t room, serial;
        Kind kind;
        std::uint64_t line;
    };
    std::unordered_map<ClientNumber, std::vector<Line>> lines_;
};

} // namespace chatd
