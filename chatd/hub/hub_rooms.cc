// SPDX-License-Identifier: ISC
// The hub's part about rooms: lines into their logs, waking those who sleep, finding them. Run by the hub.
#include "chatd/hub/hub.hh"

#include "chatd/sleep_word.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

constexpr unsigned most_rounds = 4; // in which lines come before those who sleep are woken all the same

} // namespace

// Into the room's batch; flush_rooms decides its fate.
void Hub::add_line(Room& room, Kind kind, const Client* from, std::string_view text) {
    room.log->add(kind, from == nullptr ? 0 : from->number, from == nullptr ? std::string_view{} : from->name,
                  text);
    dirty_[&room];
    ++lines_;
}

// All that came in this round goes into each log in one write; then those are answered whose lines they are.
// Those who sleep are woken when nothing more is there to be read, so that each reads all of it at once.
void Hub::flush_rooms() {
    const bool any_lines = !dirty_.empty();
    while (!dirty_.empty()) {
        const auto batches = std::exchange(dirty_, {});
        for (const auto& [room, pending] : batches) {
            const bool written = room->log->flush();
            if (written) news_.insert(room);
            for (const Pending& waiting : pending) answer_pending(*room, waiting, written);
        }
        control_.continue_answers();
    }
    close_empty_rooms();
    if (!any_lines || ++rounds_with_news_ == most_rounds) tell_news();
}

void Hub::tell_news() {
    for (const Room* room : std::exchange(news_, {})) wake_members(*room);
    rounds_with_news_ = 0;
}

void Hub::answer_pending(Room& room, const Pending& pending, bool written) {
    const auto found = clients_.find(pending.client);
    if (found == clients_.end()) return;
    Client& client = found->second;
    client.owes_answer = false;
    const bool enters = pending.joined_line != 0;
    if (written && enters) return let_in(client, room, pending);
    if (written) return accept(client);
    if (enters) { // nobody has seen it come, nor will see it leave
        std::erase_if(client.rooms, [&](const Client::Membership& in) { return in.room == &room; });
        client.last_room = nullptr;
        room.members.erase(client.number);
    }
    refuse(client, Refusal::disk_full);
}

void Hub::close_empty_rooms() {
    std::erase_if(rooms_, [this](const auto& entry) {
        const Room& room = entry.second;
        const bool closes = room.is_made_by_client && room.members.empty();
        if (!closes) return false;
        news_.erase(&room);
        log_.notice(text("room ", escape(entry.first), " closes: nobody is in it"));
        ::rmdir(text(state_.path(), "/rooms/", entry.first).c_str()); // unless there is something in it
        return true;
    });
}

void Hub::wake_members(const Room& room) {
    std::atomic_thread_fence(std::memory_order_seq_cst); // the write is before the look at who sleeps
    for (const ClientNumber number : room.members) {
        const Client& member = clients_.at(number);
        if (SleepWord{pages_.page(member.page)}.tell_news())
            send_packet(member.pair.get(), wake); // full: it is awake
    }
}

// For a client, which is dismissed when that fails.
std::optional<RoomLog::Opened> Hub::open_segment(Client& client, const Room& room, std::uint32_t segment) {
    try {
        return room.log->open_segment(segment);
    } catch (const std::system_error& error) {
        log_.error(text("room ", room.settings.name, ": ", error.what()));
        dismiss(client, Farewell::log_unreadable);
        return {};
    }
}

Room* Hub::find_room(std::string_view name) {
    const auto found = rooms_.find(std::string{name});
    return found == rooms_.end() ? nullptr : &found->second;
}

Room* Hub::find_room(std::uint32_t number) {
    const auto found = std::find_if(rooms_.begin(), rooms_.end(),
                                    [&](const auto& entry) { return entry.second.number == number; });
    return found == rooms_.end() ? nullptr : &found->second;
}

// Name, flags, why it is away: o operator, v with a voice, m muted, a away.
std::vector<std::string> Hub::member_rows(const Room& room) const {
    std::vector<std::string> rows;
    for (const ClientNumber number : room.members) {
        const Client& member = clients_.at(number);
        const bool has_voice = room.voices.find(member.folded) != room.voices.end();
        rows.push_back(text(member.name, '\t', is_operator(member, &room) ? "o" : "", has_voice ? "v" : "",
                            room.is_muted(member.folded, Clock::now()) ? "m" : "", member.away ? "a" : "",
                            '\t', member.away.value_or("")));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

// Name, flags, members, topic: c with a code, m moderated, i the asking client is in it, f the first open
// one. Who is not let in yet is told of the open ones.
std::vector<std::string> Hub::room_rows(const Client& asks) const {
    const auto first = std::find_if(settings_.rooms.begin(), settings_.rooms.end(), [](const auto& room) {
        return room.code.empty() && room.code_hash.empty();
    });
    std::vector<std::string> rows;
    for (const auto& [name, room] : rooms_) {
        const bool is_inside = asks.is_in(room);
        const bool is_first = first != settings_.rooms.end() && first->name == name;
        if (room.settings.hidden && !is_inside) continue;
        if (asks.state == State::entering && (!room.is_open() || room.is_made_by_client)) continue;
        rows.push_back(text(name, '\t', room.is_open() ? "" : "c", room.is_moderated ? "m" : "",
                            is_inside ? "i" : "", is_first ? "f" : "", '\t', room.members.size(), '\t',
                            room.is_open() || is_inside ? room.topic() : std::string{}));
    }
    return rows;
}

} // namespace chatd
