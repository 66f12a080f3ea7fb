// SPDX-License-Identifier: ISC
#include "chatd/hub/segments.hh"

#include "common/text.hh"

#include <system_error>
#include <utility>

using namespace common;

namespace chatd {

std::optional<Segments::Opened> Segments::open(Client& client, const Room& room, const Position& from) {
    try {
        RoomLog::Opened opened = room.log().open_segment(from.segment);
        const std::uint64_t offset = opened.segment == from.segment ? from.offset : 0;
        return Opened{std::move(opened.fd), {opened.segment, offset}};
    } catch (const std::system_error& error) {
        log_.error(text("room ", room.name(), ": ", error.what()));
        departures_.dismiss(client, Farewell::log_unreadable);
        return {};
    }
}

void Segments::send(Client& client, const Room& room, const Position& from) {
    if (const std::optional<Opened> opened = open(client, room, from))
        answers_.answer(client,
                        SegmentFrame::make({}, room.number(), opened->from.segment, opened->from.offset,
                                           room.log().next_line()),
                        opened->fd.get());
}

// The one behind what was read; or a later one, for who is further behind than the administrator allows.
void Segments::on_next(Client& client, Packet packet) {
    const auto [number, read] = NextFrame::read(packet).first;
    const Room& room = client.room(number);
    if (read >= room.log().last_segment()) return answers_.refuse(client, Refusal::not_now);
    Position next{read + 1, 0};
    const std::uint64_t newest = room.log().next_line();
    if (settings_.max_lag != 0 && newest > settings_.max_lag) {
        const Position allowed = room.log().position_of_line(newest - settings_.max_lag);
        if (allowed.segment > read) next = allowed;
    }
    send(client, room, next);
}

void Segments::on_find(Client& client, Packet packet) {
    const auto [number, line] = FindFrame::read(packet).first;
    const Room& room = client.room(number);
    constexpr std::uint64_t the_end = UINT64_MAX;
    send(client, room,
         line == the_end ? room.log().position_of_last(0, the_end) : room.log().position_of_line(line));
}

} // namespace chatd
