// SPDX-License-Identifier: ISC
#include "chatd/hub/requests.hh"

#include "common/errors.hh"
#include "common/socket.hh"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

using namespace common;

namespace chatd {
namespace {

constexpr int frames_at_once = 16; // of one handler in one round

// What flood control takes for a frame, in lines; no value: nothing, and it is never held back.
using Cost = std::optional<double>;

Cost nothing(const Client&, Packet) { return {}; }
Cost one_line(const Client&, Packet) { return 1; }
// It waits for what its address did too much; what it does itself is taken when it is done.
Cost taken_later(const Client&, Packet) { return 0; }

// lines_of_paste: how many of a paste count as one.
double lines_of_say(Packet packet, std::size_t lines_of_paste) {
    const auto [fields, lines] = SayFrame::read(packet);
    const auto count = 1 + static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    const bool is_paste = std::get<2>(fields) != 0;
    return static_cast<double>(is_paste ? 1 + (count - 1) / lines_of_paste : count);
}

// A paste is one line for its client; but not for all who can paste at the same time.
Cost lines_for_one(const Client&, Packet packet) { return lines_of_say(packet, SIZE_MAX); }
Cost lines_for_all(const Client&, Packet packet) { return lines_of_say(packet, 10); }

// Who follows a room asks for its newest segment; who asks for an older one reads the history.
Cost old_segment(const Client& client, Packet packet) {
    const auto [room, read] = NextFrame::read(packet).first;
    if (std::uint64_t{read} + 1 >= client.room(room).log().last_segment()) return {};
    return 1;
}

// Where a request's effect stands when it is answered, for a hub that follows this one and is asked once
// more: in the log of a room, or nowhere, or in what is deposited of the client, like that it was told.
enum class Effect : bool { in_log_or_nowhere, in_facts };
constexpr Effect logged = Effect::in_log_or_nowhere, kept = Effect::in_facts;

struct Price {
    Cost (*own)(const Client& client, Packet packet);         // for `flood'
    Cost (*for_address)(const Client& client, Packet packet); // for `flood-per-address'
};
constexpr Price unpaid{nothing, nothing}, line{one_line, one_line}, speech{lines_for_one, lines_for_all},
    return_into_rooms{nothing, taken_later}, history{nothing, one_line}, segment_of_log{nothing, old_segment};

// Of a newcomer, to what it was asked.
bool is_answer(Message message) {
    constexpr std::array answers{Message::name, Message::login, Message::authenticate, Message::resume,
                                 Message::enter};
    return std::find(answers.begin(), answers.end(), message) != answers.end();
}

void forget_telling(Client& client, SlowedBy limit) {
    client.was_told_to_wait.reset(static_cast<std::size_t>(limit));
}

} // namespace

struct Requests::Rule {
    Message message;
    unsigned states; // in which it may come
    Price price;     // for flood control
    Effect effect;
    void (*run)(const Parts& parts, Client& client, Packet packet);

    static const Rule& of(Message message);
};

const Requests::Rule& Requests::Rule::of(Message message) {
    using enum Message;
    constexpr auto naming = static_cast<unsigned>(Client::State::naming);
    constexpr auto entering = static_cast<unsigned>(Client::State::entering);
    constexpr auto inside = static_cast<unsigned>(Client::State::inside);
    using P = const Parts&;
    using C = Client&;
    static constexpr std::array rules{
        Rule{Message::name, naming, unpaid, kept,
             [](P parts, C client, Packet p) { parts.names.on_name(client, p); }},
        Rule{resume, naming, return_into_rooms, kept,
             [](P parts, C client, Packet p) { parts.resumption.on_resume(client, p); }},
        Rule{login, naming, unpaid, kept,
             [](P parts, C client, Packet p) { parts.names.on_login(client, p); }},
        Rule{authenticate, naming, unpaid, kept,
             [](P parts, C client, Packet p) { parts.names.on_authenticate(client, p); }},
        Rule{describe, naming | inside, line, kept,
             [](P parts, C client, Packet p) { parts.names.on_describe(client, p); }},
        Rule{oper, inside, line, kept, [](P parts, C client, Packet p) { parts.names.on_oper(client, p); }},
        Rule{enter, entering | inside, line, kept,
             [](P parts, C client, Packet p) { parts.entry.on_enter(client, p); }},
        Rule{leave, inside, line, kept, [](P parts, C client, Packet p) { parts.entry.on_leave(client, p); }},
        Rule{say, inside, speech, logged,
             [](P parts, C client, Packet p) { parts.speech.on_say(client, p); }},
        Rule{tell, inside, line, kept, [](P parts, C client, Packet p) { parts.speech.on_tell(client, p); }},
        Rule{tell_as, inside, line, kept,
             [](P parts, C client, Packet p) { parts.speech.on_tell_as(client, p); }},
        Rule{took, inside, unpaid, logged,
             [](P parts, C client, Packet p) { parts.speech.on_took(client, p); }},
        Rule{counted, inside, unpaid, logged,
             [](P parts, C client, Packet p) { parts.resumption.on_counted(client, p); }},
        Rule{seen, naming | entering, unpaid, logged,
             [](P parts, C client, Packet p) { parts.resumption.on_seen(client, p); }},
        Rule{nick, inside, line, kept, [](P parts, C client, Packet p) { parts.names.on_nick(client, p); }},
        Rule{topic, inside, line, logged,
             [](P parts, C client, Packet p) { parts.speech.on_topic(client, p); }},
        Rule{away, inside, line, kept, [](P parts, C client, Packet p) { parts.speech.on_away(client, p); }},
        Rule{act, inside, line, logged,
             [](P parts, C client, Packet p) { parts.moderation.on_act(client, p); }},
        Rule{next_segment, inside, segment_of_log, logged,
             [](P parts, C client, Packet p) { parts.segments.on_next(client, p); }},
        Rule{find, inside, history, logged,
             [](P parts, C client, Packet p) { parts.segments.on_find(client, p); }},
        Rule{who, inside, unpaid, logged, [](P parts, C client, Packet p) { parts.lists.on_who(client, p); }},
        Rule{people, inside, history, logged,
             [](P parts, C client, Packet p) { parts.lists.on_people(client, p); }},
        Rule{state, inside, unpaid, logged,
             [](P parts, C client, Packet p) { parts.lists.on_state(client, p); }},
        Rule{rooms, entering | inside, unpaid, logged,
             [](P parts, C client, Packet p) { parts.lists.on_rooms(client, p); }},
        Rule{ignore, inside, line, kept,
             [](P parts, C client, Packet p) { parts.ignores.on_ignore(client, p); }},
        Rule{bans, inside, unpaid, logged,
             [](P parts, C client, Packet p) { parts.lists.on_bans(client, p); }},
        Rule{quit, inside, unpaid, kept, [](P parts, C client, Packet p) { parts.entry.on_quit(client, p); }},
        Rule{here, naming | entering | inside, unpaid, logged,
             [](P parts, C client, Packet p) { parts.resumption.on_here(client, p); }},
    };
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& known) { return known.message == message; });
    if (rule == rules.end()) throw PeerError("a frame that no handler sends");
    return *rule;
}

// Its handler may not have heard yet that a room was closed.
template <class Work>
void Requests::answer_in_rooms(Client& client, const Work& work) {
    try {
        work();
    } catch (const Client::RoomIsClosed&) {
        answers_.refuse(client, Refusal::no_such_room);
    }
}

void Requests::read(ClientNumber number) {
    const Turn turn{on_turn_, number};
    std::array<char, max_frame> packet; // not filled: most packets are short
    for (int budget = frames_at_once; budget > 0; --budget) {
        Client* const client = people_.find(number);
        if (client == nullptr) return; // it left on the way
        try {
            const Received got = receive_packet(client->pair.fd(), packet, 0, Tolerated::longer);
            switch (got.state) {
            case IoState::done:
                client->arrival.reset(); // it has a handler, whatever the spawner tells yet
                take(*client, std::span{packet}.first(got.bytes), got.is_cut);
                break;
            case IoState::would_block: return;
            case IoState::vanished: break; // lines may be queued after the reset: read on to the end
            case IoState::ended: return lose_handler(*client);
            }
        } catch (const PeerError& error) {
            if (Client* const still_here = people_.find(number))
                departures_.punish(*still_here, error.what());
            return;
        }
    }
    if (Client* const client = people_.find(number)) client->pair.again();
}

// Its pair has ended. If it is not known to have had a handler, the spawner has more to say about it: nothing
// of this client is anywhere but in the list of the people, since no frame has come from it.
void Requests::lose_handler(Client& client) {
    if (client.arrival) return client.pair.reset();
    if (std::exchange(client.awaits_here, false) && !client.before_here.empty()) {
        const std::vector<char> last = std::exchange(client.before_here, {});
        const ClientNumber number = client.number;
        client.open = serial_of(last); // it may have been said to more than one of them, and stand in the log
        handle(client, last);
        if (people_.find(number) == nullptr) return;
    }
    departures_.end(client);
}

void Requests::take(Client& client, Packet packet, bool is_cut) {
    if (is_error_text(packet)) return client.errors.add(packet, is_cut, log_, {"handler", client.pid});
    if (is_cut) throw PeerError("a packet between processes is longer than any frame");
    handle(client, packet);
}

void Requests::handle(Client& client, Packet packet) {
    const Message message = message_of(packet);
    const Rule& rule = Rule::of(message);
    if (client.awaits_here && !ends_waiting(client, packet)) return;
    const std::uint32_t serial = is_request(message) ? serial_of(packet) : 0;
    if (is_request(message) && serial == client.done && std::exchange(client.may_repeat, false)) {
        client.counted = client.announced;
        return answer_in_rooms(client, [&] { parts_.entry.repeat(client); });
    }
    if (is_request(message) && serial <= client.taken) return; // it comes again, and was dealt with
    if ((rule.states & static_cast<unsigned>(client.state)) == 0) throw PeerError("a frame out of its turn");
    if (is_request(message)) note_serial(client, packet);
    answer_in_rooms(client, [&] { pass(client, rule, packet, SlowedBy::own_lines); });
}

// What was said to an earlier hub is passed over: what is unanswered of it is said again. But if the handler
// has ended since, that was the last of it.
bool Requests::ends_waiting(Client& client, Packet packet) {
    const Message message = message_of(packet);
    if (message != Message::here) {
        if (message == Message::counted) parts_.resumption.on_counted(client, packet);
        if (is_request(message)) client.before_here.assign(packet.begin(), packet.end());
        return false;
    }
    if (std::get<0>(HereFrame::read(packet).first) != generation_) return false;
    client.awaits_here = false;
    client.before_here = {};
    parts_.resumption.tell_again(client);
    return true;
}

void Requests::note_serial(Client& client, Packet packet) {
    if (client.owes_answer) throw PeerError("a second frame before the first was answered");
    const std::uint32_t first = serial_of(packet), others = serials_of(packet) - 1;
    if (first > UINT32_MAX - others) throw PeerError("serials beyond the last one there is");
    client.serial = first;
    client.taken = first + others;
    client.may_repeat = false;
    if (first > client.open) rooms_.standing().forget(client.number); // what was repeated is answered
}

// Through what may hold it back, in the order of SlowedBy.
void Requests::pass(Client& client, const Rule& rule, Packet packet, SlowedBy from) {
    for (auto limit = static_cast<std::size_t>(from); limit < slowed_by_count; ++limit) {
        const auto by = static_cast<SlowedBy>(limit);
        const auto time = time_at(by, client, rule, packet);
        if (time.count() > 0) return hold_back(client, packet, time, by);
    }
    run(client, rule, packet);
}

std::chrono::milliseconds Requests::time_at(SlowedBy limit, Client& client, const Rule& rule, Packet packet) {
    const auto now = Clock::now();
    switch (limit) {
    case SlowedBy::own_lines: {
        const Cost cost = settings_.flood.lines == 0 ? Cost{} : rule.price.own(client, packet);
        if (!cost) return {};
        if (client.bucket.is_full(settings_.flood, now)) forget_telling(client, limit);
        return client.bucket.take(settings_.flood, *cost, now);
    }
    case SlowedBy::address_lines: {
        const Cost cost = budgets_.limits(client) ? rule.price.for_address(client, packet) : Cost{};
        if (!cost) return {};
        if (budgets_.is_untouched(client, now)) forget_telling(client, limit);
        return budgets_.take(client, *cost, now);
    }
    case SlowedBy::wrong_codes: {
        if (rule.message != Message::enter || !parts_.entry.is_guess(client, packet)) return {};
        const auto time = budgets_.until_code(client, now);
        if (time.count() == 0) forget_telling(client, limit);
        return time;
    }
    }
    return {};
}

void Requests::run(Client& client, const Rule& rule, Packet packet) {
    if (is_request(rule.message)) client.counted = client.announced; // from here on it is dealt with
    if (client.state != Client::State::inside && is_answer(rule.message)) Newcomers::note_answer(client);
    client.is_changed = client.is_changed || rule.effect == kept;
    rule.run(parts_, client, packet);
}

void Requests::hold_back(Client& client, Packet packet, std::chrono::milliseconds time, SlowedBy why) {
    client.owes_answer = true;
    client.held.assign(packet.begin(), packet.end());
    client.held_by = why;
    client.held_until = loop_.at(
        Clock::now() + time, [this, number = client.number] { release(number); },
        [this, number = client.number](const std::exception& error) {
            if (Client* const held = people_.find(number)) departures_.punish(*held, error.what());
        });
    const auto which = static_cast<std::size_t>(why);
    if (client.was_told_to_wait[which]) return;
    client.was_told_to_wait.set(which);
    const FloodLimit allowed = why == SlowedBy::own_lines       ? settings_.flood
                               : why == SlowedBy::address_lines ? settings_.address_limit()
                                                                : Budgets::wrong_codes;
    answers_.send(client,
                  SlowedFrame::make({}, allowed.lines, allowed.seconds, static_cast<std::uint8_t>(why)));
}

// What it takes was taken when it was held back; but of codes, only wrong ones take anything, and another may
// have been looked at meanwhile.
void Requests::release(ClientNumber number) {
    Client& client = *people_.find(number); // whose end cancels this
    client.held_until = {};
    client.owes_answer = false;
    const std::vector<char> packet = std::exchange(client.held, {});
    const SlowedBy next =
        client.held_by == SlowedBy::own_lines ? SlowedBy::address_lines : SlowedBy::wrong_codes;
    const Turn turn{on_turn_, number};
    answer_in_rooms(client, [&] { pass(client, Rule::of(message_of(packet)), packet, next); });
}

} // namespace chatd
