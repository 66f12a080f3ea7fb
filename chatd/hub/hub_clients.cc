// SPDX-License-Identifier: ISC
// The hub's part about clients: handing them to the spawner, their frames, their end. Whatever a handler
// sends is checked here: a frame that a handler in its right mind would not send ends it. Run by the hub.
#include "chatd/hub/hub.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>

using namespace common;

namespace chatd {
namespace {

constexpr int frames_at_once = 16;              // of one handler in one round
constexpr std::chrono::seconds orphan_time{10}; // for handlers of a dead spawner to end
constexpr std::string_view busy_words = "The server is busy: try again in a moment.";
constexpr std::string_view banned_words = "You are banned.";

} // namespace

void Hub::start_client(Accepted accepted) {
    if (bans_.keeps_out(accepted.peer.host(), {}, std::chrono::system_clock::now()))
        return acceptor_.turn_away(accepted.socket, banned_words);
    const std::optional<std::size_t> page = pages_.take();
    if (!page) return acceptor_.turn_away(accepted.socket, busy_words);
    auto [ours, theirs] = make_packet_pair();
    set_keepalive(accepted.socket.get());
    set_no_delay(accepted.socket.get());
    set_urgent_inline(accepted.socket.get()); // a telnet client's Synch
    set_urgent_inline(accepted.socket.get());
    Client client;
    client.number = next_client_++;
    client.pair = std::move(ours);
    client.page = *page;
    client.host = accepted.peer.host();
    client.peer = accepted.peer.shown();
    client.address = accepted.peer;
    client.arrival = {Fd{checked("duplicate", client.peer,
                                 [&] { return ::fcntl(accepted.socket.get(), F_DUPFD_CLOEXEC, 3); })},
                      accepted.peer};
    const ClientNumber number = client.number;
    loop_.watch(client.pair.get(), Interest::read, [this, number](const Event&) { read_client(number); });
    ++by_host_[client.host];
    pages_in_use_[number] = *page;
    ++accepted_;
    clients_.emplace(number, std::move(client));
    spawner_.spawn(number, *page, std::move(accepted.socket), std::move(theirs));
    update_acceptor();
}

void Hub::on_spawned(ClientNumber number, pid_t pid) {
    const auto found = clients_.find(number);
    if (pid < 0) {
        acceptor_.pause("fork failed");
        on_ended(number, 0);
        if (found != clients_.end()) leave(number);
        return;
    }
    if (found == clients_.end()) return; // it is gone already; its end follows
    found->second.pid = pid;
    found->second.arrival.reset();
    log_.notice(text("accept ", found->second.peer, " pid ", pid, " clients ", clients_.size(), '/',
                     most_clients_now()));
    if (!found->second.pair) leave(number); // its handler has ended already
}

void Hub::on_ended(ClientNumber number, int status) {
    const auto page = pages_in_use_.find(number);
    if (page == pages_in_use_.end()) return;
    pages_.give_back_unread(page->second);
    pages_in_use_.erase(page);
    if (status != 0) { // a signal, or an error that it could not tell its client
        ++crashed_;
        log_.warning(text("a handler ended: ", describe_status(status)));
    }
    update_acceptor();
}

// The handlers go on; nobody tells any more when they end, so their pages rest until they must have. Who has
// none yet gets one from the next spawner.
void Hub::on_spawner_lost() {
    update_acceptor();
    std::vector<ClientNumber> unborn;
    for (const auto& [number, client] : clients_)
        if (client.arrival) unborn.push_back(number);
    std::sort(unborn.begin(), unborn.end()); // first come, first served
    for (const ClientNumber number : unborn) {
        arrivals_.push_back(*std::move(clients_.at(number).arrival));
        leave(number);
    }
    orphans_.insert(pages_in_use_.begin(), pages_in_use_.end());
    std::vector<ClientNumber> gone;
    for (const auto& [number, page] : orphans_)
        if (clients_.find(number) == clients_.end()) gone.push_back(number);
    for (const ClientNumber number : gone) release_orphan(number);
}

void Hub::on_spawner_ready() {
    for (Accepted& waiting : std::exchange(arrivals_, {})) start_client(std::move(waiting));
    update_acceptor();
}

void Hub::release_orphan(ClientNumber number) {
    if (orphans_.erase(number) != 0)
        loop_.at(Clock::now() + orphan_time, [this, number] { on_ended(number, 0); });
}

void Hub::read_client(ClientNumber number) {
    std::array<char, max_frame> packet; // not filled: most packets are short
    for (int budget = frames_at_once; budget > 0; --budget) {
        const auto found = clients_.find(number);
        if (found == clients_.end()) return; // it left on the way
        Client& client = found->second;
        try {
            const Received got = receive_packet(client.pair.get(), packet, 0);
            switch (got.state) {
            case IoState::done: handle(client, std::span{packet}.first(got.bytes)); break;
            case IoState::would_block: return;
            case IoState::vanished: break; // lines may be queued behind the reset: read on to the end
            case IoState::ended: return lose_handler(client);
            }
        } catch (const PeerError& error) {
            return punish(client, error.what());
        }
    }
    if (const auto found = clients_.find(number); found != clients_.end())
        loop_.again(found->second.pair.get());
}

// Its pair has ended. If it is not known to have had a handler, the spawner has more to say about it.
void Hub::lose_handler(Client& client) {
    if (!client.arrival) return leave(client.number);
    loop_.forget(client.pair.get());
    client.pair.reset();
}

struct Hub::FrameRule {
    Message message;
    unsigned states;  // in which it may come
    bool is_measured; // by flood control
    void (Hub::*handle)(Client&, Packet);
};

void Hub::handle(Client& client, Packet packet) {
    constexpr auto naming = static_cast<unsigned>(State::naming);
    constexpr auto entering = static_cast<unsigned>(State::entering);
    constexpr auto inside = static_cast<unsigned>(State::inside);
    static constexpr std::array rules{
        FrameRule{Message::name, naming, false, &Hub::on_name},
        FrameRule{Message::resume, naming, false, &Hub::on_resume},
        FrameRule{Message::login, naming, false, &Hub::on_login},
        FrameRule{Message::oper, inside, true, &Hub::on_oper},
        FrameRule{Message::enter, entering | inside, true, &Hub::on_enter},
        FrameRule{Message::leave, inside, true, &Hub::on_leave},
        FrameRule{Message::say, inside, true, &Hub::on_say},
        FrameRule{Message::tell, inside, true, &Hub::on_tell},
        FrameRule{Message::took, inside, false, &Hub::on_took},
        FrameRule{Message::counted, inside, false, &Hub::on_counted},
        FrameRule{Message::nick, inside, true, &Hub::on_nick},
        FrameRule{Message::topic, inside, true, &Hub::on_topic},
        FrameRule{Message::away, inside, true, &Hub::on_away},
        FrameRule{Message::act, inside, true, &Hub::on_act},
        FrameRule{Message::next_segment, inside, false, &Hub::on_next_segment},
        FrameRule{Message::find, inside, false, &Hub::on_find},
        FrameRule{Message::who, inside, false, &Hub::on_who},
        FrameRule{Message::rooms, entering | inside, false, &Hub::on_rooms},
        FrameRule{Message::bans, inside, false, &Hub::on_bans},
        FrameRule{Message::quit, inside, false, &Hub::on_quit},
    };
    const Message message = message_of(packet);
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const FrameRule& r) { return r.message == message; });
    if (rule == rules.end()) throw PeerError("a frame that no handler sends");
    if ((rule->states & static_cast<unsigned>(client.state)) == 0) throw PeerError("a frame out of its turn");
    if (client.owes_answer && message != Message::took)
        throw PeerError("a second frame before the first was answered");
    if (rule->is_measured) {
        const auto time = client.bucket.wait(settings_.flood, Clock::now());
        if (time.count() > 0) return hold_back(client, packet, time);
        if (client.bucket.is_full(settings_.flood)) client.was_told_to_wait = false;
        client.bucket.take(settings_.flood, 1);
    }
    if (message != Message::took && message != Message::counted)
        client.counted = client.announced; // from here on it is dealt with
    (this->*rule->handle)(client, packet);
}

// Who says too much waits for the answer, and with it everything else that the client has sent: it is slowed
// down, and nothing is lost.
void Hub::hold_back(Client& client, Packet packet, std::chrono::milliseconds time) {
    client.owes_answer = true;
    client.waiting.assign(packet.begin(), packet.end());
    client.wait_timer = loop_.at(Clock::now() + time, [this, number = client.number] { let_go(number); });
    if (!std::exchange(client.was_told_to_wait, true))
        answer(client, SlowedFrame::make({}, settings_.flood.lines, settings_.flood.seconds));
}

void Hub::let_go(ClientNumber number) {
    Client& client = clients_.at(number);
    client.wait_timer = {};
    client.owes_answer = false;
    const std::vector<char> packet = std::exchange(client.waiting, {});
    try {
        handle(client, packet);
    } catch (const PeerError& error) {
        punish(client, error.what());
    }
}

// As many of the lines behind the skipped ones as one frame takes.
void Hub::send_listing(Client& client, std::uint32_t skip, const std::vector<std::string>& lines) {
    std::string piece;
    std::uint32_t next = skip;
    for (; next < lines.size() && piece.size() + lines[next].size() + 1 <= max_listing; ++next)
        piece += lines[next] + '\n';
    answer(client, ListingFrame::make(piece, next < lines.size() ? next : std::uint32_t{0}));
}

void Hub::answer(Client& client, const std::string& packet, int passed) {
    // A handler has one question open and drains its pair, so there is room, unless it is not in its right
    // mind.
    if (send_packet(client.pair.get(), packet, passed) == IoState::would_block)
        spawner_.signal(client.number, SIGKILL);
}

void Hub::accept(Client& client, std::string_view words) { answer(client, AcceptedFrame::make(words)); }

void Hub::refuse(Client& client, Refusal why) {
    answer(client, RefusedFrame::make({}, static_cast<std::uint8_t>(why)));
}

void Hub::punish(Client& client, std::string_view why) {
    log_.error(text("handler ", client.pid, " of ", client.peer, " is killed: ", why));
    spawner_.signal(client.number, SIGKILL);
    leave(client.number);
}

void Hub::dismiss(Client& client, Farewell why, std::string_view words) {
    if (client.pair)
        send_packet(client.pair.get(), DismissedFrame::make(words, static_cast<std::uint8_t>(why)));
    leave(client.number);
}

// The end of a client, whatever ended it: the name is free, the rooms are told.
void Hub::leave(ClientNumber number) {
    const auto found = clients_.find(number);
    Client& client = found->second;
    loop_.cancel(client.wait_timer);
    if (client.login) loop_.forget(client.login->fd());
    std::vector<Tickets::Place> places;
    for (const Client::Membership& in : client.rooms) places.push_back({in.room->number, in.shown_from});
    if (client.last_room != nullptr) { // goes last
        const auto last = std::find_if(places.begin(), places.end(), [&](const Tickets::Place& place) {
            return place.room == client.last_room->number;
        });
        if (last != places.end()) std::rotate(last, last + 1, places.end());
    }
    if (client.has_quit)
        tickets_.forget(number);
    else
        tickets_.keep(number, std::move(places), client.counted, client.formers,
                      Clock::now() + settings_.resume_time);
    while (!client.rooms.empty()) leave_room(client, *client.rooms.back().room);
    if (!client.name.empty()) names_.erase(client.folded);
    if (client.pair) loop_.forget(client.pair.get());
    const auto host = by_host_.find(client.host);
    if (--host->second == 0) by_host_.erase(host);
    log_.notice(text("end ", client.peer, " pid ", client.pid, ' ', escape(client.name), " clients ",
                     clients_.size() - 1, '/', most_clients_now()));
    clients_.erase(found);
    release_orphan(number);
    update_acceptor();
}

// Its joining is in the log, or on its way there.
void Hub::leave_room(Client& client, Room& room) {
    std::erase_if(client.rooms, [&](const Client::Membership& in) { return in.room == &room; });
    if (client.last_room == &room)
        client.last_room = client.rooms.empty() ? nullptr : client.rooms.back().room;
    room.members.erase(client.number);
    room.operators.erase(client.number);
    add_line(room, Kind::left, &client, client.last_words);
}

} // namespace chatd
