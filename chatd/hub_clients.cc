// SPDX-License-Identifier: ISC
// The hub's part about clients: handing them to the spawner, their frames, their end. Whatever a handler
// sends is checked here: a frame that a handler in its right mind would not send ends it. Run by the hub.
#include "chatd/hub.hh"

#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <system_error>

using namespace common;

namespace chatd {
namespace {

constexpr int frames_at_once = 16;              // of one handler in one round
constexpr std::chrono::seconds orphan_time{10}; // for handlers of a dead spawner to end
constexpr std::string_view busy_words = "The server is busy: try again in a moment.";

} // namespace

void Hub::start_client(Accepted accepted) {
    const std::optional<std::size_t> page = pages_.take();
    if (!page) return acceptor_.turn_away(accepted.socket, busy_words);
    auto [ours, theirs] = make_packet_pair();
    set_keepalive(accepted.socket.get());
    set_no_delay(accepted.socket.get());
    set_urgent_inline(accepted.socket.get());
    Client client;
    client.number = next_client_++;
    client.pair = std::move(ours);
    client.page = *page;
    client.host = accepted.peer.host();
    client.peer = accepted.peer.shown();
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
    pages_.give_back(page->second);
    pages_in_use_.erase(page);
    if (WIFSIGNALED(status)) {
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
    std::array<char, max_frame> packet{};
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
    loop_.again(clients_.at(number).pair.get());
}

// Its pair has ended. If it is not known to have had a handler, the spawner has more to say about it.
void Hub::lose_handler(Client& client) {
    if (!client.arrival) return leave(client.number);
    loop_.forget(client.pair.get());
    client.pair.reset();
}

struct Hub::FrameRule {
    Message message;
    State state;
    void (Hub::*handle)(Client&, Packet);
};

void Hub::handle(Client& client, Packet packet) {
    static constexpr std::array rules{
        FrameRule{Message::name, State::naming, &Hub::on_name},
        FrameRule{Message::enter, State::entering, &Hub::on_enter},
        FrameRule{Message::say, State::inside, &Hub::on_say},
        FrameRule{Message::next_segment, State::inside, &Hub::on_next_segment},
        FrameRule{Message::who, State::inside, &Hub::on_who},
        FrameRule{Message::rooms, State::inside, &Hub::on_rooms},
    };
    const Message message = message_of(packet);
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const FrameRule& r) { return r.message == message; });
    if (rule == rules.end()) throw PeerError("a frame that no handler sends");
    if (rule->state != client.state) throw PeerError("a frame out of its turn");
    if (client.owes_answer) throw PeerError("a second frame before the first was answered");
    (this->*rule->handle)(client, packet);
}

void Hub::on_name(Client& client, Packet packet) {
    const std::string name = NameFrame::read(packet).second;
    if (const auto why = refuse_name(name)) return refuse(client, *why);
    const auto [place, is_new] = names_.try_emplace(fold_name(name), client.number);
    if (!is_new) return refuse(client, Refusal::name_taken);
    client.name = name;
    client.state = State::entering;
    answer(client, AcceptedFrame::make({}));
}

void Hub::on_enter(Client& client, Packet packet) {
    constexpr unsigned most_tries = 3; // the handler counts, too; this is for one that does not
    Room* const room = find_entry(EnterFrame::read(packet).second);
    if (room == nullptr) {
        if (++client.wrong_codes > most_tries) throw PeerError("more wrong codes than a handler allows");
        return refuse(client, Refusal::wrong_code);
    }
    client.room = room;
    client.owes_answer = true;
    const std::uint64_t line = room->log->next_line();
    add_line(*room, Kind::joined, &client, {});
    dirty_[room].push_back({client.number, line});
}

// The room's log has it that the client joined: now it may read.
void Hub::let_in(Client& client, const Pending& pending) {
    Room& room = *client.room;
    const Position from = room.log->position_of_last(settings_.history_on_join, pending.joined_line);
    const std::optional<RoomLog::Opened> opened = open_segment(client, from.segment);
    if (!opened) return;
    client.state = State::inside;
    room.members.insert(client.number);
    log_.notice(
        text("enter ", escape(client.name), " room ", room.settings.name, " members ", room.members.size()));
    answer(client,
           EnteredFrame::make(room.settings.name, room.number, client.number, pending.joined_line,
                              opened->segment,
                              opened->segment == from.segment ? from.offset : std::uint64_t{0}),
           opened->fd.get());
}

// For a client, which is dismissed when that fails.
std::optional<RoomLog::Opened> Hub::open_segment(Client& client, std::uint32_t segment) {
    try {
        return client.room->log->open_segment(segment);
    } catch (const std::system_error& error) {
        log_.error(text("room ", client.room->settings.name, ": ", error.what()));
        dismiss(client, "The room's log cannot be read now: try again later.");
        return {};
    }
}

void Hub::on_say(Client& client, Packet packet) {
    std::vector<std::string> lines = split_lines(SayFrame::read(packet).second);
    for (std::string& line : lines) {
        line = neutralise(line);
        if (line.empty() || line.size() > max_text)
            throw PeerError("a line of speech that is empty or too long");
    }
    if (lines.empty()) throw PeerError("speech without a line");
    client.owes_answer = true;
    for (const std::string& line : lines) add_line(*client.room, Kind::said, &client, line);
    dirty_[client.room].push_back({client.number});
}

void Hub::on_next_segment(Client& client, Packet packet) {
    const auto [number, read] = NextFrame::read(packet).first;
    const Room& room = *client.room;
    if (number != room.number) throw PeerError("a segment of a room that it is not in");
    if (read >= room.log->last_segment()) return refuse(client, Refusal::not_now);
    if (const std::optional<RoomLog::Opened> opened = open_segment(client, read + 1))
        answer(client, SegmentFrame::make({}, room.number, opened->segment), opened->fd.get());
}

void Hub::on_who(Client& client, Packet packet) {
    const auto [skip] = WhoFrame::read(packet).first;
    send_listing(client, skip, member_names(*client.room));
}

void Hub::on_rooms(Client& client, Packet packet) {
    const auto [skip] = RoomsFrame::read(packet).first;
    std::vector<std::string> lines;
    for (const auto& [name, room] : rooms_)
        lines.push_back(
            text(name, room.settings.code.empty() ? "" : " (code)", ' ', room.members.size(), " here"));
    send_listing(client, skip, lines);
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

void Hub::refuse(Client& client, Refusal why) {
    if (client.state != State::inside) client.room = nullptr;
    answer(client, RefusedFrame::make({}, static_cast<std::uint8_t>(why)));
}

void Hub::punish(Client& client, std::string_view why) {
    log_.error(text("handler ", client.pid, " of ", client.peer, " is killed: ", why));
    spawner_.signal(client.number, SIGKILL);
    leave(client.number);
}

void Hub::dismiss(Client& client, std::string_view words) {
    if (client.pair) send_packet(client.pair.get(), DismissedFrame::make(words));
    leave(client.number);
}

// The end of a client, whatever ended it: the name is free, the room is told.
void Hub::leave(ClientNumber number) {
    const auto found = clients_.find(number);
    Client& client = found->second;
    if (client.room != nullptr) { // its joining is in the log, or on its way there
        client.room->members.erase(number);
        add_line(*client.room, Kind::left, &client, {});
    }
    if (!client.name.empty()) names_.erase(fold_name(client.name));
    if (client.pair) loop_.forget(client.pair.get());
    const auto host = by_host_.find(client.host);
    if (--host->second == 0) by_host_.erase(host);
    log_.notice(text("end ", client.peer, " pid ", client.pid, ' ', escape(client.name), " clients ",
                     clients_.size() - 1, '/', most_clients_now()));
    clients_.erase(found);
    release_orphan(number);
    update_acceptor();
}

} // namespace chatd
