// SPDX-License-Identifier: ISC
#include "chatd/hub/entry.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/secret.hh"
#include "common/text.hh"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

using namespace common;

namespace chatd {
namespace {

// After too many wrong codes of somebody who is inside none is looked at any more. A client of IRC is inside
// from its name on, for weeks maybe: what its address may try is limit enough.
bool may_try_code(const Client& client) {
    return client.wrong_codes < max_tries || client.state == Client::State::entering || client.speaks_irc();
}

// Whether these words lead into a room of the configuration that has no hash. How long it takes tells nothing
// of its code.
bool opens(const RoomSettings& room, std::string_view name, std::string_view code) {
    const bool is_code = !room.code.empty() && equal_in_constant_time(room.code, code);
    if (!name.empty()) return name == room.name && (is_code || (room.code.empty() && code.empty()));
    return room.code.empty() ? code.empty() || code == room.name : is_code;
}

// The room's name, its topic, and the names of the first that are in it beside the client.
std::string words_of_entry(const Client& client, const Room& room) {
    std::string words = text(room.name(), '\n', room.topic());
    std::size_t named = 0;
    for (const auto& [number, member] : room.members()) {
        if (named == max_present) break;
        if (member == &client) continue;
        words += text('\n', member->name);
        ++named;
    }
    return words;
}

// Where chat(1) goes on that was here on an earlier connection; 0: as a newcomer. A line that is yet to come
// was seen in another log, from before all was lost; and rooms of clients have no lasting numbers.
std::uint64_t take_seen(Client& client, const Room& room) {
    const auto seen = client.seen.extract(room.number());
    if (seen.empty() || room.is_made_by_client() || seen.mapped() > room.log().next_line()) return 0;
    return std::max<std::uint64_t>(seen.mapped(), 1);
}

} // namespace

struct Entry::Wish {
    // A key of IRC that a room has no use for is passed over, as it is everywhere there.
    Wish(const Client& client, Packet packet, Rooms& rooms) {
        const auto [fields, words] = EnterFrame::read(packet);
        const auto [name_size] = fields;
        if (name_size > words.size()) throw PeerError("a room's name that is longer than its frame");
        name = words.substr(0, name_size);
        code = words.substr(name_size);
        const Room* const named = name.empty() ? nullptr : find_in_any_case(rooms, name);
        if (named == nullptr) return;
        name = named->name();
        if (named->is_open() && client.speaks_irc()) code.clear();
    }
    std::string name, code;
};

bool Entry::is_guess(const Client& client, Packet packet) const {
    const Wish wish{client, packet, rooms_};
    return is_guess(client, wish.name, wish.code);
}

bool Entry::is_guess(const Client& client, std::string_view name, std::string_view code) const {
    if (code.empty() || !may_try_code(client)) return false;
    if (!name.empty()) {
        const Room* const room = rooms_.find(name);
        return room != nullptr && !room->is_open();
    }
    if (client.state == Client::State::entering && is_call_for_help(code)) return false;
    if (const Room* const room = rooms_.find(code); room != nullptr && room->is_open()) return false;
    return std::any_of(settings_.rooms.begin(), settings_.rooms.end(), [](const RoomSettings& room) {
        return !room.code.empty() || !room.code_hash.empty();
    });
}

void Entry::on_enter(Client& client, Packet packet) {
    const Wish wish{client, packet, rooms_};
    const auto& [name, code] = wish;
    const Found found = find_room(client, name, code);
    if (found.room != nullptr) return enter(client, *found.room);
    if (found.why) return answers_.refuse(client, *found.why);
    if (client.state == Client::State::entering && is_call_for_help(name + code))
        return answers_.refuse(client, Refusal::help_wanted); // which is not a try
    enter_by_hash(client, name, code);
}

// Without a name: what the code leads into, the open room of this name, or for nothing the first open one.
// Whoever is inside may make a room, if that is on.
Entry::Found Entry::find_room(const Client& client, std::string_view name, std::string_view code) {
    const bool may_try = may_try_code(client);
    const RoomSettings* opened = nullptr; // the first; all are looked at, so that time tells of none
    for (const RoomSettings& wanted : settings_.rooms) {
        const bool is_tried = wanted.code_hash.empty() && (may_try || wanted.code.empty());
        if (is_tried && opens(wanted, name, code) && opened == nullptr) opened = &wanted;
    }
    if (opened != nullptr) return {rooms_.find(opened->name)};
    const std::string_view wanted_name = name.empty() ? code : name;
    const std::string_view wanted_code = name.empty() ? std::string_view{} : code;
    Room* const there = rooms_.find(wanted_name);
    if (there == nullptr) return make_room(client, wanted_name, wanted_code);
    const bool is_right = equal_in_constant_time(there->settings().code, wanted_code);
    return {there->is_made_by_client() && may_try && is_right ? there : nullptr};
}

Entry::Found Entry::make_room(const Client& client, std::string_view name, std::string_view code) {
    const bool is_for_all = std::ranges::any_of(settings_.rooms, [](const RoomSettings& room) {
        return room.code.empty() && room.code_hash.empty();
    });
    const bool may_come_in = client.is_let_in() || (client.speaks_irc() && is_for_all);
    const bool may_make = settings_.create_rooms && may_come_in;
    if (!may_make || !may_name_room(name) || rooms_.has_alike(name)) return {};
    if (!rooms_.may_make(client)) return {nullptr, Refusal::no_more_rooms};
    if (code.empty() && is_guess(client, {}, name)) budgets_.take_wrong_code(client, Clock::now());
    RoomSettings settings;
    settings.name = name;
    settings.code = code;
    settings.history = false; // who makes it again some day is not to read what was said
    try {
        Room& made = rooms_.make(settings, &client);
        log_.notice(text("room ", escape(settings.name), " made by ", escape(client.name)));
        return {&made};
    } catch (const std::system_error& error) {
        log_.error(text("no room is created: ", error.what()));
        return {nullptr, Refusal::not_done};
    }
}

void Entry::enter(Client& client, Room& room) {
    if (const auto why = room.refuse_entry(client, bans_, std::chrono::system_clock::now());
        why && !rooms_.standing().has(room, Kind::joined, client))
        return answers_.refuse(client, *why);
    rooms_.enter(room, client, take_seen(client, room));
}

// No room has this code as it is kept; perhaps one has its hash. An empty one is nobody's.
void Entry::enter_by_hash(Client& client, std::string_view name, std::string_view code) {
    const bool has_hashes =
        std::any_of(settings_.rooms.begin(), settings_.rooms.end(), [&](const RoomSettings& room) {
            return !room.code_hash.empty() && (name.empty() || room.name == name);
        });
    if (!has_hashes || code.empty() || !may_try_code(client)) {
        const bool was_guess = is_guess(client, name, code);
        if (was_guess) log_.notice(text("refuse code from ", client.host)); // as authd says it of hashes
        return refuse_code(client, was_guess);
    }
    const std::string secret = name.empty() ? std::string{} : text(room_secret, name);
    passwords_.ask(client, LoginKind::secret, secret, code, [this](Client& asks, const Verdict& verdict) {
        if (verdict.kind == Verdict::Kind::unavailable) return answers_.refuse(asks, Refusal::not_now);
        if (verdict.kind == Verdict::Kind::held_off) return answers_.refuse(asks, Refusal::held_off);
        const bool is_room = verdict.name.rfind(room_secret, 0) == 0; // and not an operator's
        Room* const room =
            is_room ? rooms_.find(std::string_view{verdict.name}.substr(room_secret.size())) : nullptr;
        if (verdict.kind != Verdict::Kind::accepted || room == nullptr) return refuse_code(asks, true);
        enter(asks, *room);
    });
}

void Entry::refuse_code(Client& client, bool was_guess) {
    const bool is_entering = client.state == Client::State::entering;
    if (was_guess) budgets_.take_wrong_code(client, Clock::now());
    if (was_guess || is_entering) ++client.wrong_codes; // inside, a room that is not there tells nothing
    // The handler counts, too; this is for one that does not.
    if (client.wrong_codes > max_tries && is_entering)
        throw PeerError("more wrong codes than a handler allows");
    answers_.refuse(client, Refusal::wrong_code);
}

void Entry::settle(const Rooms::Settled& settled) {
    const auto& [room, waiting, fate] = settled;
    Client* const client = people_.find(waiting.client);
    if (client == nullptr) return;
    client->owes_answer = false;
    const bool enters = waiting.joined_line != 0;
    if (enters && client->returning) resumption_.welcome(*client);
    if (fate == Rooms::Fate::written && enters) return let_in(*client, *room, waiting);
    if (fate == Rooms::Fate::written || !waiting.if_unwritten)
        return answers_.confirm(*client, waiting.words);
    if (enters) room->leave(*client); // nobody has seen it come, nor will see it leave
    answers_.refuse(*client, fate == Rooms::Fate::begun ? Refusal::partly_sent : *waiting.if_unwritten);
}

// The room's log has it that the client joined: now it may read.
void Entry::let_in(Client& client, Room& room, const Rooms::Waiting& waiting) {
    const Position from = waiting.missed_from != 0
                              ? room.log().position_of_line(waiting.missed_from)
                              : room.log().position_of_last(settings_.history_on_join, waiting.joined_line);
    const std::optional<Segments::Opened> opened = segments_.open(client, room, from);
    if (!opened) return;
    if (client.state == Client::State::entering) resumption_.give_token(client);
    client.state = Client::State::inside;
    log_.notice(
        text("enter ", escape(client.name), " room ", room.name(), " members ", room.members().size()));
    answers_.answer(client,
                    EnteredFrame::make(words_of_entry(client, room), room.number(), client.number,
                                       waiting.joined_line, waiting.missed_from, opened->from.segment,
                                       opened->from.offset,
                                       static_cast<std::uint32_t>(room.members().size() - 1)),
                    opened->fd.get());
    witnesses_.tell_entry(client, room);
}

void Entry::repeat(Client& client) {
    const std::string answer = client.answer;
    const Message kind = message_of(answer);
    if (kind == Message::entered || kind == Message::resumed) resumption_.repeat_token(client);
    if (kind == Message::entered) return repeat_entry(client, answer);
    answers_.repeat(client, answer);
    if (kind != Message::resumed) return;
    const ClientNumber number = client.number;
    for (const Client::Membership& in : std::vector{client.rooms}) {
        const Position from = in.room->log().position_of_line(in.shown_from);
        repeat_entry(client, EnteredFrame::make(words_of_entry(client, *in.room), in.room->number(), number,
                                                in.shown_from, in.shown_from, from.segment, from.offset,
                                                static_cast<std::uint32_t>(in.room->members().size() - 1)));
        if (people_.find(number) == nullptr) return; // its log cannot be read
    }
}

void Entry::repeat_entry(Client& client, const std::string& frame) {
    const auto [fields, words] = EnteredFrame::read(frame);
    const auto& [number, self, joined, missed_from, segment, offset, others] = fields;
    const std::optional<Segments::Opened> opened =
        segments_.open(client, client.room(number), {segment, offset});
    if (opened)
        answers_.repeat(client,
                        EnteredFrame::make(words, number, self, joined, missed_from, opened->from.segment,
                                           opened->from.offset, others),
                        opened->fd.get());
}

void Entry::on_leave(Client& client, Packet packet) {
    const auto [fields, given] = LeaveFrame::read(packet);
    const auto [number] = fields;
    const std::string words = neutralise(given);
    if (words.size() > max_text) throw PeerError("last words that are too long");
    Room* const there = rooms_.find(number);
    const bool is_repeated = client.serial == client.open;
    if (there == nullptr && is_repeated) return answers_.confirm(client); // it was the last one in there
    const bool has_left = there != nullptr && rooms_.standing().has(*there, Kind::left, client);
    Room& room = has_left ? *there : client.room(number); // others have read it before this hub began
    const std::uint64_t line = rooms_.leave(room, client, room.words_of_leaving(client, words, Clock::now()));
    rooms_.await(room, client, {line, line}, {});
}

void Entry::on_quit(Client& client, Packet packet) {
    client.last_words = neutralise(QuitFrame::read(packet).second);
    if (client.last_words.size() > max_text) throw PeerError("last words that are too long");
    client.has_quit = true;
    answers_.confirm(client);
}

} // namespace chatd
