// SPDX-License-Identifier: ISC
// The hub's part about rooms: lines into their logs, waking those who sleep, finding them. Run by the hub.
#include "chatd/hub.hh"

#include "chatd/handler.hh"
#include "common/socket.hh"

#include <algorithm>
#include <atomic>

using namespace common;

namespace chatd {

// Into the room's batch; flush_rooms decides its fate.
void Hub::add_line(Room& room, Kind kind, const Client* from, std::string_view text) {
    room.log->add(kind, from == nullptr ? 0 : from->number, from == nullptr ? std::string_view{} : from->name,
                  text);
    dirty_[&room];
    ++lines_;
}

// All that came in this round goes into each log in one write; then those are answered whose lines they are,
// and those woken who sleep.
void Hub::flush_rooms() {
    while (!dirty_.empty()) {
        const auto batches = std::exchange(dirty_, {});
        for (const auto& [room, pending] : batches) {
            const bool written = room->log->flush();
            if (written) wake_members(*room);
            for (const Pending& waiting : pending) {
                const auto found = clients_.find(waiting.client);
                if (found == clients_.end()) continue;
                Client& client = found->second;
                client.owes_answer = false;
                if (!written)
                    refuse(client, Refusal::disk_full);
                else if (waiting.joined_line != 0)
                    let_in(client, waiting);
                else
                    answer(client, AcceptedFrame::make({}));
            }
        }
        control_.continue_answers();
    }
}

void Hub::wake_members(const Room& room) {
    std::atomic_thread_fence(std::memory_order_seq_cst); // the write is before the look at who sleeps
    for (const ClientNumber number : room.members) {
        const Client& member = clients_.at(number);
        if (SleepFlag{pages_.page(member.page)}.take())
            send_packet(member.pair.get(), wake); // full: it is awake
    }
}

Hub::Room* Hub::find_room(std::string_view name) {
    const auto found = rooms_.find(std::string{name});
    return found == rooms_.end() ? nullptr : &found->second;
}

// What a client typed at the code prompt: a code, an open room's name, or nothing for the first open room.
Hub::Room* Hub::find_entry(std::string_view word) {
    for (const RoomSettings& wanted : settings_.rooms) {
        const bool is_open = wanted.code.empty();
        const bool matches = is_open ? word.empty() || word == wanted.name : word == wanted.code;
        if (matches) return find_room(wanted.name);
    }
    return nullptr;
}

std::vector<std::string> Hub::member_names(const Room& room) const {
    std::vector<std::string> names;
    for (const ClientNumber number : room.members) names.push_back(clients_.at(number).name);
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace chatd
