// SPDX-License-Identifier: ISC
#include "chatd/hub/requests.hh"

#include "common/errors.hh"
#include "common/socket.hh"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

using namespace common;

namespace chatd {
namespace {

constexpr int frames_at_once = 16; // of one handler in one round

// What flood control takes for a frame that others see: lines.
double one_line(Packet) { return 1; }

double lines_of_say(Packet packet) {
    const auto [fields, lines] = SayFrame::read(packet);
    const bool is_paste = std::get<2>(fields) != 0; // which counts as one
    return is_paste ? 1 : 1 + static_cast<double>(std::count(lines.begin(), lines.end(), '\n'));
}

} // namespace

struct Requests::Rule {
    Message message;
    unsigned states;               // in which it may come
    double (*cost)(Packet packet); // for flood control; null: it is free
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
        Rule{Message::name, naming, nullptr,
             [](P parts, C client, Packet p) { parts.names.on_name(client, p); }},
        Rule{resume, naming, nullptr,
             [](P parts, C client, Packet p) { parts.resumption.on_resume(client, p); }},
        Rule{login, naming, nullptr, [](P parts, C client, Packet p) { parts.names.on_login(client, p); }},
        Rule{oper, inside, one_line, [](P parts, C client, Packet p) { parts.names.on_oper(client, p); }},
        Rule{enter, entering | inside, one_line,
             [](P parts, C client, Packet p) { parts.entry.on_enter(client, p); }},
        Rule{leave, inside, one_line, [](P parts, C client, Packet p) { parts.entry.on_leave(client, p); }},
        Rule{say, inside, lines_of_say, [](P parts, C client, Packet p) { parts.speech.on_say(client, p); }},
        Rule{tell, inside, one_line, [](P parts, C client, Packet p) { parts.speech.on_tell(client, p); }},
        Rule{took, inside, nullptr, [](P parts, C client, Packet p) { parts.speech.on_took(client, p); }},
        Rule{counted, inside, nullptr,
             [](P parts, C client, Packet p) { parts.resumption.on_counted(client, p); }},
        Rule{seen, naming, nullptr, [](P parts, C client, Packet p) { parts.resumption.on_seen(client, p); }},
        Rule{nick, inside, one_line, [](P parts, C client, Packet p) { parts.names.on_nick(client, p); }},
        Rule{topic, inside, one_line, [](P parts, C client, Packet p) { parts.speech.on_topic(client, p); }},
        Rule{away, inside, one_line, [](P parts, C client, Packet p) { parts.speech.on_away(client, p); }},
        Rule{act, inside, one_line, [](P parts, C client, Packet p) { parts.moderation.on_act(client, p); }},
        Rule{next_segment, inside, nullptr,
             [](P parts, C client, Packet p) { parts.segments.on_next(client, p); }},
        Rule{find, inside, nullptr, [](P parts, C client, Packet p) { parts.segments.on_find(client, p); }},
        Rule{who, inside, nullptr, [](P parts, C client, Packet p) { parts.lists.on_who(client, p); }},
        Rule{rooms, entering | inside, nullptr,
             [](P parts, C client, Packet p) { parts.lists.on_rooms(client, p); }},
        Rule{ignore, inside, nullptr,
             [](P parts, C client, Packet p) { parts.ignores.on_ignore(client, p); }},
        Rule{bans, inside, nullptr, [](P parts, C client, Packet p) { parts.lists.on_bans(client, p); }},
        Rule{quit, inside, nullptr, [](P parts, C client, Packet p) { parts.entry.on_quit(client, p); }},
    };
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& known) { return known.message == message; });
    if (rule == rules.end()) throw PeerError("a frame that no handler sends");
    return *rule;
}

void Requests::read(ClientNumber number) {
    std::array<char, max_frame> packet; // not filled: most packets are short
    for (int budget = frames_at_once; budget > 0; --budget) {
        Client* const client = people_.find(number);
        if (client == nullptr) return; // it left on the way
        try {
            const Received got = receive_packet(client->pair.fd(), packet, 0, Longer::is_cut);
            switch (got.state) {
            case IoState::done: take(*client, std::span{packet}.first(got.bytes), got.is_cut); break;
            case IoState::would_block: return;
            case IoState::vanished: break; // lines may be queued after the reset: read on to the end
            case IoState::ended: return lose_handler(*client);
            }
        } catch (const PeerError& error) {
            return departures_.punish(*client, error.what());
        }
    }
    if (Client* const client = people_.find(number)) client->pair.again();
}

// Its pair has ended. If it is not known to have had a handler, the spawner has more to say about it.
void Requests::lose_handler(Client& client) {
    if (!client.arrival) return departures_.end(client);
    client.pair.reset();
}

void Requests::take(Client& client, Packet packet, bool is_cut) {
    if (is_error_text(packet)) return client.errors.add(packet, is_cut, log_, {"handler", client.pid});
    if (is_cut) throw PeerError("a packet between processes is longer than any frame");
    handle(client, packet);
}

void Requests::handle(Client& client, Packet packet) {
    const Message message = message_of(packet);
    const Rule& rule = Rule::of(message);
    if ((rule.states & static_cast<unsigned>(client.state)) == 0) throw PeerError("a frame out of its turn");
    if (client.owes_answer && message != Message::took)
        throw PeerError("a second frame before the first was answered");
    if (rule.cost != nullptr && settings_.flood.lines != 0) {
        const auto now = Clock::now();
        if (client.bucket.is_full(settings_.flood, now)) client.was_told_to_wait = false;
        const auto time = client.bucket.take(settings_.flood, rule.cost(packet), now);
        if (time.count() > 0) return hold_back(client, packet, time);
    }
    run(client, rule, packet);
}

void Requests::run(Client& client, const Rule& rule, Packet packet) {
    if (rule.message != Message::took && rule.message != Message::counted)
        client.counted = client.announced; // from here on it is dealt with
    rule.run(parts_, client, packet);
}

void Requests::hold_back(Client& client, Packet packet, std::chrono::milliseconds time) {
    client.owes_answer = true;
    client.held.assign(packet.begin(), packet.end());
    client.held_until = loop_.at(Clock::now() + time, [this, number = client.number] { release(number); });
    if (!std::exchange(client.was_told_to_wait, true))
        answers_.send(client, SlowedFrame::make({}, settings_.flood.lines, settings_.flood.seconds));
}

// What it takes was taken when it was held back.
void Requests::release(ClientNumber number) {
    Client& client = *people_.find(number);
    client.held_until = {};
    client.owes_answer = false;
    const std::vector<char> packet = std::exchange(client.held, {});
    try {
        run(client, Rule::of(message_of(packet)), packet);
    } catch (const PeerError& error) {
        departures_.punish(client, error.what());
    }
}

} // namespace chatd
