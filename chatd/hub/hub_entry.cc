// SPDX-License-Identifier: ISC
// The hub's part about coming and going: names, codes, the rooms that clients make, and taking one's place
// again after a broken connection. Run by the hub.
#include "chatd/hub/hub.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>

using namespace common;

namespace chatd {

std::optional<Refusal> Hub::refuse_person(const Client& client, const std::string& name) const {
    if (const auto why = refuse_name(name)) return why;
    const std::string folded = fold_name(name);
    if (bans_.keeps_out(folded, {}, std::chrono::system_clock::now())) return Refusal::name_banned;
    const auto holder = names_.find(folded);
    if (holder != names_.end() && holder->second != client.number) return Refusal::name_taken;
    return {};
}

void Hub::on_name(Client& client, Packet packet) {
    const std::string name = NameFrame::read(packet).second;
    if (settings_.users.empty()) return take_name(client, name);
    if (const auto why = refuse_name(name)) return refuse(client, *why);
    ask_authd(client, LoginKind::known, name, {}, [this, name](Client& asks, const Verdict& verdict) {
        asks.claimed = verdict.name;
        if (verdict.kind == Verdict::Kind::refused) return take_name(asks, name);
        refuse(asks, verdict.kind == Verdict::Kind::accepted ? Refusal::password_needed : Refusal::not_now);
    });
}

void Hub::take_name(Client& client, const std::string& name) {
    if (const auto why = refuse_person(client, name)) return refuse(client, *why);
    client.name = name;
    client.folded = fold_name(name);
    names_.emplace(client.folded, client.number);
    client.state = State::entering;
    accept(client, name);
}

void Hub::on_nick(Client& client, Packet packet) {
    const std::string name = NickFrame::read(packet).second;
    if (const auto why = refuse_person(client, name)) return refuse(client, *why);
    if (settings_.users.empty()) return rename(client, name);
    ask_authd(client, LoginKind::known, name, {}, [this, name](Client& asks, const Verdict& verdict) {
        if (verdict.kind == Verdict::Kind::refused) return rename(asks, name);
        refuse(asks, verdict.kind == Verdict::Kind::accepted ? Refusal::has_password : Refusal::not_now);
    });
}

void Hub::rename(Client& client, const std::string& name) {
    if (const auto why = refuse_person(client, name)) return refuse(client, *why);
    for (const Client::Membership& in : client.rooms)
        if (const auto why = refuse_speech(client, *in.room)) return refuse(client, *why);
    const std::string folded = fold_name(name);
    for (const Client::Membership& in : client.rooms) add_line(*in.room, Kind::renamed, &client, name);
    for (auto& [room_name, room] : rooms_) room.rename(client.folded, folded);
    names_.erase(client.folded);
    names_.emplace(folded, client.number);
    tickets_.rename(client.number, name);
    client.name = name;
    client.folded = folded;
    accept(client, name);
}

void Hub::on_enter(Client& client, Packet packet) {
    const auto [fields, words] = EnterFrame::read(packet);
    const auto [name_size] = fields;
    if (name_size > words.size()) throw PeerError("a room's name that is longer than its frame");
    const std::string_view whole = words;
    Room* const room = find_entry(client, whole.substr(0, name_size), whole.substr(name_size));
    if (room == nullptr && client.state == State::entering && is_call_for_help(words))
        return refuse(client, Refusal::help_wanted); // which is no try
    if (room == nullptr) return enter_by_hash(client, whole.substr(0, name_size), whole.substr(name_size));
    if (const auto why = refuse_entry(client, *room)) return refuse(client, *why);
    enter_room(client, *room, 0);
}

void Hub::refuse_code(Client& client) {
    // The handler counts, too; this is for one that does not.
    if (++client.wrong_codes > max_tries && client.state == State::entering)
        throw PeerError("more wrong codes than a handler allows");
    refuse(client, Refusal::wrong_code);
}

// Without a name: what the code leads into, the open room of this name, or for nothing the first open one.
// After too many wrong codes none is looked at any more. Whoever is inside may make a room, if that is on.
Room* Hub::find_entry(Client& client, std::string_view name, std::string_view code) {
    const bool may_try = client.wrong_codes < max_tries || client.state == State::entering;
    for (const RoomSettings& wanted : settings_.rooms) {
        const bool is_open = wanted.code.empty() && wanted.code_hash.empty();
        if (!wanted.code_hash.empty() || (!is_open && !may_try)) continue;
        const bool has_code =
            is_open ? name.empty() && (code.empty() || code == wanted.name) : code == wanted.code;
        if (has_code && (name.empty() || name == wanted.name)) return find_room(wanted.name);
    }
    const std::string_view wanted_name = name.empty() ? code : name;
    const std::string_view wanted_code = name.empty() ? std::string_view{} : code;
    if (Room* const there = find_room(wanted_name))
        return there->is_made_by_client && may_try && there->settings.code == wanted_code ? there : nullptr;
    if (!settings_.create_rooms || client.state != State::inside || !may_name_room(wanted_name))
        return nullptr;
    RoomSettings settings;
    settings.name = wanted_name;
    settings.code = wanted_code;
    settings.history = false; // who makes it again some day is not to read what was said
    try {
        Room& made = make_room(settings);
        made.is_made_by_client = true;
        made.operators.insert(client.number);
        log_.notice(text("room ", escape(settings.name), " made by ", escape(client.name)));
        return &made;
    } catch (const std::system_error& error) {
        log_.error(text("no room is made: ", error.what()));
        return nullptr;
    }
}

std::optional<Refusal> Hub::refuse_entry(const Client& client, const Room& room) const {
    const auto now = std::chrono::system_clock::now();
    const std::string& name = room.settings.name;
    if (client.is_in(room)) return Refusal::already_inside;
    if (client.rooms.size() >= max_rooms) return Refusal::too_many_rooms;
    if (bans_.keeps_out(client.folded, name, now) || bans_.keeps_out(client.host, name, now))
        return Refusal::room_banned;
    const unsigned most = room.settings.max_members;
    if (most != 0 && room.members.size() >= most) return Refusal::room_full;
    return {};
}

void Hub::enter_room(Client& client, Room& room, std::uint64_t missed_from) {
    client.owes_answer = true;
    client.last_room = &room;
    const std::uint64_t line = room.log->next_line();
    client.rooms.push_back({&room, missed_from == 0 ? line : missed_from});
    room.members.insert(client.number);
    add_line(room, Kind::joined, &client, {});
    dirty_[&room].push_back({client.number, line, missed_from});
}

// The room's log has it that the client joined: now it may read.
void Hub::let_in(Client& client, Room& room, const Pending& pending) {
    const Position from = pending.missed_from != 0
                              ? room.log->position_of_line(pending.missed_from)
                              : room.log->position_of_last(settings_.history_on_join, pending.joined_line);
    const std::optional<RoomLog::Opened> opened = open_segment(client, room, from.segment);
    if (!opened) return;
    if (client.state == State::entering) give_token(client);
    client.state = State::inside;
    log_.notice(
        text("enter ", escape(client.name), " room ", room.settings.name, " members ", room.members.size()));
    const std::uint64_t offset = opened->segment == from.segment ? from.offset : 0;
    std::string words = text(room.settings.name, '\n', room.topic());
    std::size_t named = 0;
    for (auto member = room.members.begin(); member != room.members.end() && named < max_present; ++member) {
        if (*member == client.number) continue;
        words += text('\n', clients_.at(*member).name);
        ++named;
    }
    answer(client,
           EnteredFrame::make(words, room.number, client.number, pending.joined_line, pending.missed_from,
                              opened->segment, offset, static_cast<std::uint32_t>(room.members.size() - 1)),
           opened->fd.get());
}

void Hub::give_token(Client& client, std::string_view before) {
    if (settings_.resume_time.count() == 0) return;
    tickets_.drop_expired(Clock::now());
    answer(client, TokenFrame::make(tickets_.issue(client.number, client.name, before)));
}

void Hub::on_leave(Client& client, Packet packet) {
    const auto [number] = LeaveFrame::read(packet).first;
    leave_room(client, room_of(client, number));
    accept(client);
}

void Hub::on_quit(Client& client, Packet packet) {
    client.last_words = neutralise(QuitFrame::read(packet).second);
    if (client.last_words.size() > max_text) throw PeerError("last words that are too long");
    client.has_quit = true;
    accept(client);
}

void Hub::on_counted(Client& client, Packet packet) {
    client.announced = std::get<0>(CountedFrame::read(packet).first);
}

struct Hub::Return {
    std::string_view token;
    std::uint64_t last_line; // seen in the last room; 0: not told
    bool counts;             // chat(1), which tells its place and how much it has sent
    std::map<std::uint32_t, std::uint64_t> place{};
};

void Hub::on_resume(Client& client, Packet packet) {
    const auto [fields, words] = ResumeFrame::read(packet);
    const auto [last_line, counts, token_size] = fields;
    if (token_size > words.size()) throw PeerError("a token that is longer than its frame");
    const std::string_view token = std::string_view{words}.substr(0, token_size);
    const std::string_view place = std::string_view{words}.substr(token_size);
    if (place.size() % PlaceRoom::size != 0) throw PeerError("a place that is cut off");
    Return wanted{token, last_line, counts != 0};
    for (const auto& [room, line] : PlaceRoom::iter_unpack(place)) wanted.place[room] = line;
    auto ticket = tickets_.find(token, Clock::now());
    if (!ticket) {
        if (++client.wrong_tokens > max_tries) throw PeerError("more wrong tokens than a handler allows");
        return refuse(client, Refusal::wrong_token);
    }
    const std::string folded = fold_name(ticket->name);
    const auto holder = names_.find(folded);
    const auto now = std::chrono::system_clock::now();
    if (bans_.keeps_out(folded, {}, now)) return refuse(client, Refusal::name_banned);
    if (holder != names_.end() && holder->second != ticket->client)
        return refuse(client, Refusal::name_taken); // the token stays good
    if (!ticket->is_left) {                         // its connection is dead, and has not told us yet
        dismiss(clients_.at(ticket->client), Farewell::resumed_elsewhere);
        ticket = tickets_.find(token, Clock::now() - std::chrono::seconds{1}); // also with a resume-time of 0
    }
    if (!ticket) return refuse(client, Refusal::wrong_token);
    tickets_.forget(ticket->client);
    take_place(client, *ticket, wanted);
}

// Where neither line nor place is told all is shown again since that connection entered: lines may come
// twice, none is missed.
void Hub::take_place(Client& client, const Tickets::Ticket& ticket, const Return& wanted) {
    client.name = ticket.name;
    client.folded = fold_name(ticket.name);
    names_.emplace(client.folded, client.number);
    client.state = State::inside;
    std::vector<std::pair<Room*, std::uint64_t>> rooms;
    for (const Tickets::Place& place : ticket.places) {
        Room* const room = find_room(place.room);
        if (room == nullptr || refuse_entry(client, *room)) continue;
        const bool is_last = &place == &ticket.places.back();
        const auto told = wanted.place.find(room->number);
        const std::uint64_t from = told != wanted.place.end() ? std::max<std::uint64_t>(told->second, 1)
                                   : is_last && wanted.last_line != 0 ? wanted.last_line + 1
                                                                      : place.shown_from;
        rooms.emplace_back(room, std::min(from, room->log->next_line()));
    }
    client.announced = client.counted = ticket.counted;
    give_token(client, wanted.counts ? wanted.token : std::string_view{});
    std::string formers;
    if (wanted.counts) {
        client.formers = ticket.formers;
        client.formers.push_back(ticket.client);
        if (client.formers.size() > max_formers) client.formers.erase(client.formers.begin());
        for (const ClientNumber former : client.formers) {
            const auto packed = Former::pack(former);
            formers.append(packed.data(), packed.size());
        }
    }
    answer(client, ResumedFrame::make(client.name + formers, static_cast<std::uint32_t>(rooms.size()),
                                      ticket.counted, static_cast<std::uint8_t>(client.name.size())));
    for (const auto& [room, from] : rooms) enter_room(client, *room, from);
}

} // namespace chatd
