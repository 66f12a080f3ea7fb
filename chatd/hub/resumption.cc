// SPDX-License-Identifier: ISC
#include "chatd/hub/resumption.hh"

#include "chatd/words.hh"
#include "common/errors.hh"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace common;

namespace chatd {
namespace {

// The oldest of those that it was before are left out where there are too many.
void take_formers(Client& client, const Tickets::Ticket& ticket) {
    client.formers = ticket.formers;
    client.formers.push_back(ticket.client);
    if (client.formers.size() > max_formers) client.formers.erase(client.formers.begin());
}

std::string formers_of(const Client& client) {
    std::string formers;
    for (const ClientNumber former : client.formers) {
        const auto packed = Former::pack(former);
        formers.append(packed.data(), packed.size());
    }
    return formers;
}

// Of rooms, by number, the first line that was not shown.
std::map<std::uint32_t, std::uint64_t> read_place(std::string_view place) {
    if (place.size() % PlaceRoom::size != 0) throw PeerError("a place that is cut off");
    std::map<std::uint32_t, std::uint64_t> shown_from;
    for (const auto& [room, line] : PlaceRoom::iter_unpack(place)) shown_from[room] = line;
    return shown_from;
}

} // namespace

struct Resumption::Told {
    std::string_view token;
    std::uint64_t last_line; // seen in the last room; 0: not told
    bool counts;             // chat(1), which tells its place and how much it has sent
    bool looks;              // it can find its own lines, if nobody knows how much of that was dealt with
    std::map<std::uint32_t, std::uint64_t> shown_from{}; // of rooms, by number
};

void Resumption::give_token(Client& client, std::string_view before) {
    if (settings_.resume_time.count() == 0) return;
    tickets_.drop_expired(Clock::now());
    const std::string token = tickets_.issue(client.number, client.name, before);
    tickets_.note(client.number, client.person, client.ignored);
    answers_.send(client, TokenFrame::make(token));
}

void Resumption::repeat_token(const Client& client) {
    const std::vector<std::string> tokens = tickets_.tokens_of(client.number);
    if (!tokens.empty()) answers_.send(client, TokenFrame::make(tokens.front()));
}

// Who ignores it is told before it can say anything to this hub.
void Resumption::tell_again(const Client& client) {
    if (client.state == Client::State::inside) ignores_.tell_of(client);
    ignores_.tell_all(client);
    for (const std::uint32_t room : client.closed) answers_.send(client, ClosedFrame::make({}, room));
}

void Resumption::on_counted(Client& client, Packet packet) {
    client.announced = std::get<0>(CountedFrame::read(packet).first);
}

// It may come after a request of the same client that it was sent after: nothing of that is taken back.
// Whether what it repeats was dealt with it does not know; this hub does when that has come.
void Resumption::on_here(Client& client, Packet packet) {
    const auto [hub, room, dealt_with, open] = HereFrame::read(packet).first;
    client.open = open;
    if (open == 0) deposits_.note_settled(client.number);
    client.announced = std::max(client.announced.value_or(0), dealt_with);
    client.counted = std::max(client.counted.value_or(0), dealt_with);
    if (open != 0) client.counted.reset();
    for (const Client::Membership& in : client.rooms)
        if (in.room->number() == room) client.last_room = in.room;
}

void Resumption::on_seen(Client& client, Packet packet) {
    client.seen = read_place(SeenFrame::read(packet).second);
}

void Resumption::on_resume(Client& client, Packet packet) {
    const auto [fields, words] = ResumeFrame::read(packet);
    const auto [last_line, count, token_size] = fields;
    if (token_size > words.size()) throw PeerError("a token that is longer than its frame");
    const std::string_view token = std::string_view{words}.substr(0, token_size);
    const std::string_view place = std::string_view{words}.substr(token_size);
    const Told told{token, last_line, count != counts_nothing, count == counts_or_looks, read_place(place)};
    auto ticket = tickets_.find(token, Clock::now());
    if (!ticket) {
        if (++client.wrong_tokens > max_tries) throw PeerError("more wrong tokens than a handler allows");
        return answers_.refuse(client, Refusal::wrong_token);
    }
    const auto now = std::chrono::system_clock::now();
    if (bans_.keeps_out(fold_name(ticket->name), {}, now) || bans_.keeps_out(ticket->person, {}, now))
        return answers_.refuse(client, Refusal::name_banned);
    const bool has_name = people_.find(ticket->name) == &client; // as the logs say that an earlier hub wrote
    if (const auto why = people_.refuse(ticket->name, ticket->client); why && !has_name)
        return answers_.refuse(client, *why); // the token stays good
    if (!ticket->is_left) {                   // its connection is dead, and has not told us yet
        departures_.dismiss(*people_.find(ticket->client), Farewell::resumed_elsewhere);
        ticket = tickets_.of(ticket->client);
    }
    if (!ticket) return answers_.refuse(client, Refusal::wrong_token); // it has said good-bye
    if (told.counts && !ticket->counted && !(told.looks && can_look(*ticket))) return refuse_unknown(client);
    restore(client, *ticket, told);
}

// In one of the rooms where it was.
bool Resumption::can_look(const Tickets::Ticket& ticket) const {
    return std::any_of(ticket.stays.begin(), ticket.stays.end(), [this](const Tickets::Stay& stay) {
        const Room* const room = rooms_.find(stay.room);
        return room != nullptr && room->entry() == stay.entry;
    });
}

// What chat(1) said last may stand in a log and would be said again: as a newcomer it looks there itself. An
// earlier hub, which knew more, may have let it in, as the logs say.
void Resumption::refuse_unknown(Client& client) {
    if (!client.rooms.empty()) return departures_.end(client);
    answers_.refuse(client, Refusal::wrong_token);
}

// A room whose code is another now is entered with that. Where neither line nor place is told all is shown
// again since that connection entered: lines may come twice, none is missed.
void Resumption::restore(Client& client, const Tickets::Ticket& ticket, const Told& told) {
    people_.give_name(client, ticket.name);
    client.person = ticket.person;
    client.ignored = ticket.ignored;
    client.state = Client::State::inside;
    std::vector<std::pair<Room*, std::uint64_t>> rooms;
    for (const Tickets::Stay& stay : ticket.stays) {
        Room* const room = rooms_.find(stay.room);
        if (room == nullptr || room->entry() != stay.entry) continue;
        if (!rooms_.standing().has(*room, Kind::joined, client) &&
            room->refuse_entry(client, bans_, std::chrono::system_clock::now()))
            continue;
        const bool is_last = &stay == &ticket.stays.back();
        const auto shown = told.shown_from.find(room->number());
        const std::uint64_t from = shown != told.shown_from.end() ? std::max<std::uint64_t>(shown->second, 1)
                                   : is_last && told.last_line != 0 ? told.last_line + 1
                                                                    : stay.shown_from;
        rooms.emplace_back(room, std::min(from, room->log().next_line()));
    }
    client.announced = client.counted = ticket.counted.value_or(0);
    take_formers(client, ticket);
    // It looks for its own lines among those that it is shown: they are not left out then, nor is it counted
    // on.
    const bool looks = told.counts && !ticket.counted;
    client.returning =
        Client::Return{told.counts ? std::string{told.token} : std::string{}, ticket.client,
                       told.counts && !looks, looks ? unknown_count : *client.counted, rooms.size()};
    budgets_.take(client, static_cast<double>(rooms.size()), Clock::now());
    for (const auto& [room, from] : rooms) rooms_.enter(*room, client, from);
    if (rooms.empty()) welcome(client);
}

void Resumption::welcome(Client& client) {
    const Client::Return told = *std::exchange(client.returning, std::nullopt);
    give_token(client, told.token);
    const std::string formers = told.tells_formers ? formers_of(client) : std::string{};
    answers_.answer(client, ResumedFrame::make(client.name + formers, static_cast<std::uint32_t>(told.rooms),
                                               told.counted, static_cast<std::uint8_t>(client.name.size())));
    tickets_.forget(told.former);
    ignores_.tell_of(client);
    ignores_.tell_all(client);
}

} // namespace chatd
