// SPDX-License-Identifier: ISC
// A room as the keeper has it for the next hub: its number, its settings, what its operators decided, and
// where its log goes on. A mute or a voice is a record of its own. Run by the hub.
#pragma once

#include "chatd/hub/room.hh"

#include <cstdint>
#include <string>
#include <string_view>

namespace chatd {

struct RoomRecord {
    std::uint32_t number = 0;
    RoomSettings settings{}; // as they were; the configuration may have others, or none
    Room::State state{};
    std::string place{}; // of its log, as RoomLog packs it
    // Of the topic, as RoomLog has them.
    std::string topic_by{};
    std::int64_t topic_time = 0;
};

RoomRecord record_of(const Room& room);
// for_before: as the version before reads it, without who set the topic.
std::string pack_room(const RoomRecord& record, bool for_before = false);
// Throw common::PeerError for what the others do not make.
RoomRecord unpack_room(std::string_view bytes);
std::string pack_mark(const Marks::Mark& mark);
Marks::Mark unpack_mark(std::string_view bytes);

} // namespace chatd
