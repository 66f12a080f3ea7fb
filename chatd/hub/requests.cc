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

} // namespace

struct Requests::Rule {
    Message message;
    unsigned states;  // in which it may come
    bool is_measured; // by flood control
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
        Rule{Message::name, naming, false,
             [](P parts, C client, Packet p) { parts.names.on_name(client, p); }},
        Rule{resume, naming, false,
             [](P parts, C client, Packet p) { parts.resumption.on_resume(client, p); }},
        Rule{login, naming, false, [](P parts, C client, Packet p) { parts.names.on_login(client, p); }},
        Rule{oper, inside, true, [](P parts, C client, Packet p) { parts.names.on_oper(client, p); }},
        Rule{enter, entering | inside, true,
             [](P parts, C client, Packet p) { parts.entry.on_enter(client, p); }},
        Rule{leave, inside, true, [](P parts, C client, Packet p) { parts.entry.on_leave(client, p); }},
        Rule{say, inside, true, [](P parts, C client, Packet p) { parts.speech.on_say(client, p); }},
        Rule{tell, inside, true, [](P parts, C client, Packet p) { parts.speech.on_tell(client, p); }},
        Rule{took, inside, false, [](P parts, C client, Packet p) { parts.speech.on_took(client, p); }},
        Rule{counted, inside, false,
             [](P parts, C client, Packet p) { parts.resumption.on_counted(client, p); }},
        Rule{seen, naming, false, [](P parts, C client, Packet p) { parts.resumption.on_seen(client, p); }},
        Rule{nick, inside, true, [](P parts, C client, Packet p) { parts.names.on_nick(client, p); }},
        Rule{topic, inside, true, [](P parts, C client, Packet p) { parts.speech.on_topic(client, p); }},
        Rule{away, inside, true, [](P parts, C client, Packet p) { parts.speech.on_away(client, p); }},
        Rule{act, inside, true, [](P parts, C client, Packet p) { parts.moderation.on_act(client, p); }},
        Rule{next_segment, inside, false,
             [](P parts, C client, Packet p) { parts.segments.on_next(client, p); }},
        Rule{find, inside, false, [](P parts, C client, Packet p) { parts.segments.on_find(client, p); }},
        Rule{who, inside, false, [](P parts, C client, Packet p) { parts.lists.on_who(client, p); }},
        Rule{rooms, entering | inside, false,
             [](P parts, C client, Packet p) { parts.lists.on_rooms(client, p); }},
        Rule{bans, inside, false, [](P parts, C client, Packet p) { parts.lists.on_bans(client, p); }},
        Rule{quit, inside, false, [](P parts, C client, Packet p) { parts.entry.on_quit(client, p); }},
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
            const Received got = receive_packet(client->pair.fd(), packet, 0);
            switch (got.state) {
            case IoState::done: handle(*client, std::span{packet}.first(got.bytes)); break;
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

void Requests::handle(Client& client, Packet packet) {
    const Message message = message_of(packet);
    const Rule& rule = Rule::of(message);
    if ((rule.states & static_cast<unsigned>(client.state)) == 0) throw PeerError("a frame out of its turn");
    if (client.owes_answer && message != Message::took)
        throw PeerError("a second frame before the first was answered");
    if (rule.is_measured) {
        const auto time = client.bucket.wait(settings_.flood, Clock::now());
        if (time.count() > 0) return hold_back(client, packet, time);
        if (client.bucket.is_full(settings_.flood)) client.was_told_to_wait = false;
        client.bucket.take(settings_.flood, 1);
    }
    if (message != Message::took && message != Message::counted)
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

void Requests::release(ClientNumber number) {
    Client& client = *people_.find(number);
    client.held_until = {};
    client.owes_answer = false;
    const std::vector<char> packet = std::exchange(client.held, {});
    try {
        handle(client, packet);
    } catch (const PeerError& error) {
        departures_.punish(client, error.what());
    }
}

} // namespace chatd
