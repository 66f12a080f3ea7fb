// SPDX-License-Identifier: ISC
// The hub's part about what members say and ask: in rooms, to one another, and about who is where. Run by the
// hub.
#include "chatd/hub/hub.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>

using namespace common;

namespace chatd {

// A handler in its right mind asks only about rooms that it is in.
Room& Hub::room_of(const Client& client, std::uint32_t number) {
    for (const Client::Membership& in : client.rooms)
        if (in.room->number == number) return *in.room;
    throw PeerError("a room that it is not in");
}

std::optional<Refusal> Hub::refuse_speech(const Client& client, const Room& room) const {
    if (room.is_muted(client.folded, Clock::now())) return Refusal::muted;
    const bool has_voice = room.voices.find(client.folded) != room.voices.end() || is_operator(client, &room);
    if (room.is_moderated && !has_voice) return Refusal::moderated;
    return {};
}

void Hub::on_say(Client& client, Packet packet) {
    const auto [fields, words] = SayFrame::read(packet);
    const auto [number, kind_given, is_paste] = fields;
    const auto kind = static_cast<Kind>(kind_given);
    if (kind != Kind::said && kind != Kind::acted) throw PeerError("speech of a kind that there is not");
    Room& room = room_of(client, number);
    std::vector<std::string> lines = split_lines(words);
    for (std::string& line : lines) {
        line = neutralise(line);
        if (line.empty() || line.size() > max_text)
            throw PeerError("a line of speech that is empty or too long");
    }
    if (lines.empty()) throw PeerError("speech without a line");
    if (is_paste != 0 && lines.size() > max_paste_lines) throw PeerError("a paste of too many lines");
    if (const auto why = refuse_speech(client, room)) return refuse(client, *why);
    if (is_paste == 0) client.bucket.take(settings_.flood, static_cast<double>(lines.size() - 1));
    client.owes_answer = true;
    client.last_room = &room;
    for (const std::string& line : lines) add_line(room, kind, &client, line);
    dirty_[&room].push_back({client.number});
}

// To one client alone: past the logs, and so only as far as its handler gets rid of it.
void Hub::on_tell(Client& client, Packet packet) {
    const auto [fields, words] = TellFrame::read(packet);
    const auto [number, name_size] = fields;
    const std::string_view whole = words;
    if (name_size > whole.size()) throw PeerError("a name that is longer than its frame");
    const std::string said = neutralise(whole.substr(name_size));
    if (said.empty() || said.size() > max_text) throw PeerError("words that are empty or too long");
    Client* to = nullptr;
    if (name_size != 0)
        to = find_client(whole.substr(0, name_size));
    else if (const auto found = clients_.find(number); found != clients_.end())
        to = &found->second;
    if (to == nullptr || to->state != State::inside || !to->pair) return refuse(client, Refusal::nobody);
    const std::string told = ToldFrame::make(text(client.name, said), client.number,
                                             static_cast<std::uint8_t>(client.name.size()));
    if (to->untaken >= max_untaken || send_packet(to->pair.get(), told) != IoState::done)
        return refuse(client, Refusal::behind);
    ++to->untaken;
    accept(client, to->away ? text(to->name, '\t', *to->away) : std::string{});
}

void Hub::on_took(Client& client, Packet packet) {
    const auto [count] = TookFrame::read(packet).first;
    client.untaken -= std::min(client.untaken, count);
}

void Hub::on_topic(Client& client, Packet packet) {
    const auto [fields, words] = TopicFrame::read(packet);
    Room& room = room_of(client, std::get<0>(fields));
    if (words.empty()) return accept(client, room.topic());
    if (const auto why = refuse_speech(client, room)) return refuse(client, *why);
    const std::string topic = neutralise(words);
    if (topic.size() > max_topic) return refuse(client, Refusal::text_too_long);
    set_topic(room, &client, topic);
    client.owes_answer = true;
    dirty_[&room].push_back({client.number});
}

// "-" is none.
void Hub::set_topic(Room& room, const Client* by, std::string_view topic) {
    add_line(room, Kind::topic, by, topic == "-" ? "" : topic);
}

void Hub::on_away(Client& client, Packet packet) {
    const auto [fields, words] = AwayFrame::read(packet);
    std::string why = neutralise(words);
    if (why.size() > max_topic) return refuse(client, Refusal::text_too_long);
    client.away.reset();
    if (std::get<0>(fields) != 0) client.away = std::move(why);
    accept(client);
}

// The one behind what was read; or a later one, for who is further behind than the administrator allows.
void Hub::on_next_segment(Client& client, Packet packet) {
    const auto [number, read] = NextFrame::read(packet).first;
    const Room& room = room_of(client, number);
    if (read >= room.log->last_segment()) return refuse(client, Refusal::not_now);
    Position next{read + 1, 0};
    const std::uint64_t newest = room.log->next_line();
    if (settings_.max_lag != 0 && newest > settings_.max_lag) {
        const Position allowed = room.log->position_of_line(newest - settings_.max_lag);
        if (allowed.segment > read) next = allowed;
    }
    send_segment(client, room, next);
}

void Hub::on_find(Client& client, Packet packet) {
    const auto [number, line] = FindFrame::read(packet).first;
    const Room& room = room_of(client, number);
    constexpr std::uint64_t the_end = UINT64_MAX;
    send_segment(client, room,
                 line == the_end ? room.log->position_of_last(0, the_end) : room.log->position_of_line(line));
}

void Hub::send_segment(Client& client, const Room& room, const Position& from) {
    if (const std::optional<RoomLog::Opened> opened = open_segment(client, room, from.segment))
        answer(client,
               SegmentFrame::make({}, room.number, opened->segment,
                                  opened->segment == from.segment ? from.offset : std::uint64_t{0},
                                  room.log->next_line()),
               opened->fd.get());
}

void Hub::on_who(Client& client, Packet packet) {
    const auto [fields, name] = WhoFrame::read(packet);
    const Room* const room = find_room(name);
    if (room == nullptr || !(client.is_in(*room) || (room->is_open() && !room->settings.hidden)))
        return refuse(client, Refusal::no_such_room);
    send_listing(client, std::get<0>(fields), member_rows(*room));
}

void Hub::on_rooms(Client& client, Packet packet) {
    const auto [skip] = RoomsFrame::read(packet).first;
    send_listing(client, skip, room_rows(client));
}

} // namespace chatd
