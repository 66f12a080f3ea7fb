// SPDX-License-Identifier: ISC
#include "chatd/hub/deposits.hh"

#include "chatd/hub/client_record.hh"
#include "chatd/hub/room_record.hh"
#include "chatd/settings.hh"
#include "common/keeper/keeper_frames.hh"
#include "common/text.hh"

#include <algorithm>
#include <utility>

using namespace common;

namespace chatd {
namespace {

// The keeper kills a hub that deposits more labels than it keeps, and gives all of them to the next: so that
// many can never be.
constexpr std::size_t of_clients = 2 * std::size_t{client_ceiling}; // also of those whose handlers still end
constexpr std::size_t of_tickets = Tickets::max_left + client_ceiling; // one is forgotten at a round's end
constexpr std::size_t files_of_made = 4; // of its log: two or three segments, and one to write
constexpr std::size_t of_made_rooms = max_made_rooms * (1 + files_of_made + 2 * max_marks_of_made_room);
constexpr std::size_t of_configured_rooms = max_parts_of_rooms + max_marks_of_configured;
constexpr std::size_t of_bans = Deposits::max_ban_changes + max_made_rooms; // a room ends with its bans
constexpr std::size_t of_the_hub = 64; // itself, its pages and spawner, and who waits at the control socket
constexpr std::size_t within_a_round = 8000; // new ones are put before old ones are withdrawn
static_assert(of_clients + of_tickets + of_made_rooms + of_configured_rooms + of_bans + of_the_hub +
                  within_a_round <=
              max_deposits);
// Nor so many bytes: of others than clients, tickets and rooms each word has a cap of its own.
constexpr std::size_t of_others = of_made_rooms + of_configured_rooms + of_bans + within_a_round;
constexpr std::size_t bytes_of_other = 4096;
static_assert((of_clients + of_tickets + max_made_rooms + max_parts_of_rooms + of_the_hub) * max_keeper_text +
                  of_others * bytes_of_other <=
              max_deposited);

} // namespace

void Deposits::put(const Client& client, int pair) {
    ClientRecord record = record_of(client, tickets_.tokens_of(client.number));
    std::string bytes = pack_client(record);
    if (bytes.size() > max_keeper_text) { // then what it asked last is done anew, if that is not answered
        record.facts.answer.clear();
        bytes = pack_client(record);
    }
    box_.put(text(label_of_client, client.number), bytes, pair);
}

void Deposits::rest(Client& client, std::string_view answer) {
    if (!unsettled_.empty() && !client.awaits_here && client.serial >= client.open)
        note_settled(client.number);
    if (!std::exchange(client.is_changed, false)) return;
    client.done = client.serial;
    client.answer = answer;
    put(client, -1);
}

void Deposits::note_left(const Client& client, std::string_view farewell) {
    ClientRecord record;
    record.has_left = true;
    record.facts.number = client.number;
    record.facts.page = client.page;
    record.facts.spawner = client.spawner;
    record.facts.pid = client.pid;
    record.facts.answer = farewell;
    gone_.push_back({client.number, pack_client(record)});
}

void Deposits::end_round() {
    for (const ClientNumber client : std::exchange(forgotten_, {}))
        if (!tickets_.kept_of(client) && tickets_put_.erase(client) != 0)
            box_.withdraw(text(label_of_ticket, client));
}

// A line that is known by the log alone must stay behind the place from which the next hub reads on. What
// cannot be put now is put with the next.
void Deposits::settle(Rooms& rooms, bool all_answered) {
    if (all_answered && unsettled_.empty() && has_all()) rooms.move_places();
    for (const Rooms::Changed& changed : rooms.take_changed()) {
        try {
            if (changed.room != nullptr)
                put(*changed.room);
            else
                withdraw_room(changed.number);
        } catch (const std::exception&) {
            rooms.note_change(changed.number);
        }
    }
    for (Gone& gone : std::exchange(gone_, {})) {
        try {
            settle(gone);
        } catch (const std::exception&) {
            gone_.push_back(std::move(gone));
        }
    }
}

void Deposits::settle(const Gone& gone) {
    if (const auto kept = tickets_.kept_of(gone.client); kept && kept->ticket.is_left) put(*kept);
    const std::string label = text(label_of_client, gone.client);
    if (gone.left.empty())
        box_.withdraw(label);
    else
        box_.put(label, gone.left, -1);
    note_settled(gone.client);
}

void Deposits::withdraw_room(std::uint32_t number) {
    for (const auto& [label, bytes] : parts_[number]) box_.withdraw(label);
    parts_.erase(number);
}

void Deposits::put(const Tickets::Kept& ticket) {
    box_.put(text(label_of_ticket, ticket.ticket.client), pack_ticket(ticket), -1);
    tickets_put_.insert(ticket.ticket.client);
}

void Deposits::put_tickets() {
    for (const Tickets::Kept& kept : tickets_.left()) put(kept);
}

// Only what has changed is put.
void Deposits::put(const Room& room) {
    std::map<std::string, std::string>& known = parts_[room.number()];
    std::map<std::string, std::string> now;
    if (!is_lasting(room.number()) && room.number() > last_made_) {
        last_made_ = room.number();
        box_.put(label_of_made, text(last_made_), -1);
    }
    const auto add = [&](std::string label, std::string bytes, int fd) {
        const auto before = known.find(label);
        if (before == known.end() || before->second != bytes) box_.put(label, bytes, fd);
        now.emplace(std::move(label), std::move(bytes));
    };
    for (const RoomLog::LentFile& file : room.log().unnamed_files()) {
        const std::string bytes = text(file.segment, file.is_writable ? " w" : " r");
        add(text(label_of_room_log, room.number(), ' ', bytes), bytes, file.fd);
    }
    for (const auto& [kind, marks] : {std::pair{'m', &room.muted()}, std::pair{'v', &room.voices()}})
        for (const Marks::Mark& mark : marks->all())
            add(text(label_of_mark, room.number(), ' ', kind, ' ', mark.whom.first), pack_mark(mark), -1);
    add(text(label_of_room, room.number()), pack_room(record_of(room), is_for_before_), -1);
    for (const auto& [label, bytes] : known)
        if (!now.contains(label)) box_.withdraw(label);
    known = std::move(now);
}

void Deposits::put_ban_change(std::uint64_t number, std::string_view change) {
    std::string label = text(label_of_ban_change, next_label_++);
    box_.put(label, change, -1);
    ban_changes_.push_back({number, std::move(label)});
}

void Deposits::know_ban_change(std::uint64_t number, std::string label) {
    const auto known =
        parse_number<std::uint64_t>(std::string_view{label}.substr(label_of_ban_change.size()));
    next_label_ = std::max(next_label_, known.value_or(0) + 1);
    ban_changes_.push_back({number, std::move(label)});
}

void Deposits::note_saved_bans(std::uint64_t number) {
    for (; !ban_changes_.empty() && ban_changes_.front().number <= number; ban_changes_.pop_front())
        box_.withdraw(ban_changes_.front().label);
}

} // namespace chatd
