// SPDX-License-Identifier: ISC
#include "chatd/hub/takeover.hh"

#include "chatd/hub/room_record.hh"
#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <exception>
#include <sys/socket.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

// The number behind a label's words, and what follows it.
std::pair<std::uint64_t, std::string_view> number_of(std::string_view label, std::string_view words) {
    const std::string_view rest = label.substr(words.size());
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const auto number = parse_number<std::uint64_t>(rest.substr(0, end));
    if (!number) throw PeerError("a label without a number");
    return {*number, rest.substr(std::min(end + 1, rest.size()))};
}

} // namespace

// What is wrong with one thing costs that one.
template <class Work>
bool Takeover::attempt(std::string_view label, const Work& work) {
    try {
        work();
        return true;
    } catch (const std::exception& error) {
        if (!may_lose_)
            throw UserError(text("what the running version left as '", escape(label),
                                 "' cannot be read: ", error.what(), ": stop and start chatd instead"));
        parts_.log.error(text("what an earlier hub left as '", escape(label), "' is lost: ", error.what()));
        return false;
    }
}

// And is withdrawn, or each hub that follows would find it again.
template <class Work>
bool Takeover::read(const KeeperLink::Left& left, const Work& work) {
    if (attempt(left.label, work)) return true;
    parts_.deposits.withdraw(left.label);
    return false;
}

// Of a client that is not known: its handler ends with its pair.
void Takeover::let_go(const KeeperLink::Left& client) {
    if (client.fd) ::shutdown(client.fd.get(), SHUT_RDWR);
    parts_.deposits.note_ended(
        parse_number<ClientNumber>(std::string_view{client.label}.substr(label_of_client.size()))
            .value_or(0));
}

std::map<std::uint32_t, Takeover::OfRoom> Takeover::take_parts() {
    std::map<std::uint32_t, OfRoom> all;
    for (KeeperLink::Left& left : take_left_(label_of_mark))
        read(left, [&] {
            const auto [room, kind] = number_of(left.label, label_of_mark);
            OfRoom& of_room = all[static_cast<std::uint32_t>(room)];
            of_room.marks.emplace_back(kind.substr(0, 1) == "m", unpack_mark(left.bytes));
            of_room.parts[left.label] = left.bytes;
        });
    for (KeeperLink::Left& left : take_left_(label_of_room_log))
        read(left, [&] {
            const auto [room, file] = number_of(left.label, label_of_room_log);
            const std::size_t end = std::min(file.find(' '), file.size());
            const auto segment = parse_number<std::uint32_t>(file.substr(0, end));
            if (!segment || !left.fd) throw PeerError("no file of a log");
            OfRoom& of_room = all[static_cast<std::uint32_t>(room)];
            of_room.log.push_back({*segment, file.substr(end) == " w", std::move(left.fd)});
            of_room.parts[left.label] = left.bytes;
        });
    return all;
}

void Takeover::restore_rooms(Settings& settings) {
    for (const KeeperLink::Left& left : take_left_(label_of_made))
        parts_.rooms.set_last_made(parse_number<std::uint32_t>(left.bytes).value_or(0));
    std::map<std::uint32_t, OfRoom> parts = take_parts();
    for (const KeeperLink::Left& left : take_left_(label_of_room)) {
        OfRoom of_room;
        const auto restore = [&] {
            RoomRecord record = unpack_room(left.bytes);
            of_room = std::exchange(parts[record.number], {});
            of_room.parts[left.label] = left.bytes;
            const auto configured =
                std::find_if(settings.rooms.begin(), settings.rooms.end(),
                             [&](const RoomSettings& one) { return one.name == record.settings.name; });
            std::vector<Record> tail;
            Room& room = parts_.rooms.restore(std::move(record), std::move(of_room.log), tail);
            tails_[&room] = std::move(tail);
            if (configured != settings.rooms.end())
                for (const Note& note : configure_room(parts_.rooms, room, *configured))
                    parts_.log.write(note.severity, note.text);
            const std::size_t most = room.is_made_by_client() ? max_marks_of_made_room : max_marks_of_room;
            for (auto& [is_muted, mark] : of_room.marks)
                (is_muted ? room.muted() : room.voices()).put_back(std::move(mark), most);
            parts_.deposits.know_parts(room.number(), std::move(of_room.parts));
        };
        if (!read(left, restore)) withdraw_parts(of_room);
    }
    for (const auto& [number, of_room] : parts)
        withdraw_parts(of_room); // a hub died before it put the record
}

void Takeover::withdraw_parts(const OfRoom& of_room) {
    for (const auto& [label, bytes] : of_room.parts) parts_.deposits.withdraw(label);
}

void Takeover::restore_tickets() {
    const auto now = Clock::now();
    for (const KeeperLink::Left& left : take_left_(label_of_ticket))
        read(left, [&] {
            Tickets::Kept kept = unpack_ticket(left.bytes);
            parts_.deposits.know_ticket(kept.ticket.client);
            parts_.tickets.put_back(std::move(kept));
        });
    parts_.tickets.drop_expired(now);
}

void Takeover::restore_bans() {
    for (const KeeperLink::Left& left : take_left_(label_of_ban_change))
        read(left, [&] {
            parts_.bans.apply(left.bytes);
            parts_.deposits.know_ban_change(parts_.saved_bans.note_change(), left.label);
        });
}

void Takeover::restore_clients() {
    for (KeeperLink::Left& left : take_left_(label_of_client))
        if (!read(left, [&] { restore_client(unpack_client(left.bytes), std::move(left.fd)); })) let_go(left);
    for (const auto& [room, tail] : std::exchange(tails_, {}))
        attempt(room->name(), [&, &of = *room, &records = tail] { follow_log(of, records); });
    for (const auto& [number, last] : std::exchange(last_places_, {}))
        if (Client* const client = parts_.people.find(number); client->is_in(*last.room))
            client->last_room = last.room;
    parts_.pool.settle_restored(spawner_);
}

void Takeover::restore_client(ClientRecord record, Fd pair) {
    if (record.has_left) return parts_.pool.restore_leaving(std::move(record.facts), std::move(pair));
    Client& client = parts_.people.restore(std::move(record.facts));
    client.may_repeat = client.done != 0 && !client.answer.empty();
    client.taken = client.may_repeat || client.done == 0 ? client.done : client.done - 1;
    const auto left = parts_.tickets.of(client.number); // if it was about to be withdrawn
    client.announced = client.counted = left ? left->counted : std::nullopt;
    for (const ClientNumber former : client.formers) parts_.tickets.forget(former); // it has come back
    for (const ClientRecord::Stay& stay : record.rooms)
        if (Room* const room = parts_.rooms.find(stay.room))
            room->join(client, stay.shown_from);
        else // and its handler may not have heard of it
            client.closed.push_back(stay.room);
    if (!record.tokens.empty())
        parts_.tickets.put_back({.ticket = {.client = client.number,
                                            .name = client.name,
                                            .person = client.person,
                                            .ignored = client.ignored,
                                            .formers = client.formers},
                                 .tokens = std::move(record.tokens)});
    parts_.ignores.restore(client);
    parts_.pool.restore(client, std::move(pair));
}

// Beyond what was deposited: whom the others have seen come or go last has come or gone. A departure that no
// request asked for is completed by ask_to_repeat, which the client is not asked any more.
void Takeover::follow_log(Room& room, const std::vector<Record>& tail) {
    std::map<ClientNumber, const Record*> last;
    for (const Record& record : tail) {
        if (record.kind == Kind::joined || record.kind == Kind::left) last[record.speaker] = &record;
        if (parts_.people.find(record.speaker) == nullptr) continue;
        parts_.rooms.standing().know(room, record);
        note_last_place(room, record);
    }
    for (const auto& [number, record] : last) {
        Client* const client = parts_.people.find(number);
        if (client == nullptr) continue;
        const bool is_in = client->is_in(room);
        if (record->kind == Kind::joined && record->serial > client->done && !is_in) {
            if (client->name.empty()) parts_.people.give_name(*client, record->name);
            room.join(*client, record->line);
        } else if (record->kind == Kind::left && is_in && record->serial == 0) {
            parts_.rooms.standing().know_departure(room, number, record->line);
            if (room.is_closing()) continue; // there it is the room that ends
            Departure& departure = departed_[number];
            if (departure.last_words.empty()) departure.last_words = record->text;
            if (!departure.why) departure.why = why_left(*client, room, tail, *record);
        } else if (record->kind == Kind::left && is_in && record->serial > client->done) {
            room.leave(*client);
        }
    }
}

// Its handler tells it, too, but may have ended.
void Takeover::note_last_place(Room& room, const Record& record) {
    constexpr std::array kinds{Kind::joined, Kind::said, Kind::acted, Kind::noticed};
    if (std::find(kinds.begin(), kinds.end(), record.kind) == kinds.end()) return;
    Place& last = last_places_.try_emplace(record.speaker, Place{&room, record.time}).first->second;
    if (record.time >= last.time) last = {&room, record.time};
}

// What its handler was to be told; it tells that only when the keeper knows, and so nobody has.
std::optional<Farewell> Takeover::why_left(const Client& client, const Room& room,
                                           const std::vector<Record>& tail, const Record& left) const {
    const std::string name = fold_name(left.name);
    bool is_kicked = false, is_back = false;
    for (const Record& record : tail) {
        if (record.line < left.line && record.kind == Kind::kicked)
            is_kicked = is_kicked || fold_name(record.text.substr(0, record.text.find(' '))) == name;
        else if (record.line < left.line && record.speaker == client.number)
            is_kicked =
                is_kicked && record.kind != Kind::joined && record.kind != Kind::renamed; // another was
        else if (record.line > left.line && record.kind == Kind::joined)
            is_back = is_back || fold_name(record.name) == name;
    }
    if (is_kicked) return Farewell::kicked;
    const auto now = std::chrono::system_clock::now();
    if (parts_.bans.keeps_out(client, room.name(), now) || parts_.bans.keeps_out(client, {}, now))
        return Farewell::banned;
    if (is_back) return Farewell::resumed_elsewhere;
    return {};
}

// Only who has quit has last words.
void Takeover::complete_departure(Client& client) {
    const auto& [last_words, why] = departed_.at(client.number);
    if (client.last_words.empty()) client.last_words = last_words;
    const bool is_expelled = why == Farewell::kicked || why == Farewell::banned;
    client.has_quit = client.has_quit || is_expelled || !last_words.empty();
    if (why) return parts_.departures.dismiss(client, *why);
    parts_.departures.end(client);
}

std::uint32_t Takeover::count_hubs() const {
    const std::vector<KeeperLink::Left> left = take_left_(label_of_generation);
    return left.empty() ? 1 : parse_number<std::uint32_t>(left.front().bytes).value_or(0) + 1;
}

void Takeover::ask_to_repeat(std::uint32_t hub, ClientNumber suspect) {
    std::vector<ClientNumber> all;
    for (const auto& [number, client] : parts_.people.all()) all.push_back(number);
    for (const ClientNumber number : all) {
        Client& client = *parts_.people.find(number);
        if (number == suspect) {
            parts_.departures.punish(client, "two hubs died while they worked for it");
        } else if (departed_.contains(number)) {
            complete_departure(client);
        } else if (!client.pair) {
            parts_.departures.punish(client, "its pair is lost");
        } else {
            parts_.newcomers.await_again(client);
            client.awaits_here = true;
            parts_.deposits.note_unsettled(number);
            parts_.answers.send(client, AgainFrame::make({}, protocol_version, hub));
        }
    }
}

} // namespace chatd
