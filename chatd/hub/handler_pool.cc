// SPDX-License-Identifier: ISC
#include "chatd/hub/handler_pool.hh"

#include "chatd/protocol.hh"
#include "chatd/sleep_word.hh"
#include "common/children.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/keepalive.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <sys/socket.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::chrono::seconds orphan_time{10};  // for handlers of a dead spawner to end
constexpr std::chrono::seconds leaving_time{10}; // for the others, before they are killed
constexpr std::string_view busy_words = "The server is busy: try again in a moment.";
constexpr std::string_view banned_words = "You are banned.";
constexpr std::string_view stopping_words = "The server is stopping: come back later.";

// Whether all ends of the other side are closed.
bool is_at_end(const Watch& pair) {
    char byte{};
    return !pair || ::recv(pair.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

} // namespace

HandlerPool::HandlerPool(Loop& loop, Log& log, const Settings& settings, StatusPages& pages, People& people,
                         const Bans& bans, Spawner spawner, Callbacks callbacks)
    : loop_(loop),
      log_(log),
      settings_(settings),
      pages_(pages),
      people_(people),
      bans_(bans),
      spawner_(std::move(spawner)),
      callbacks_(std::move(callbacks)),
      acceptor_(loop, log,
                {[this](Accepted client) { take(std::move(client)); },
                 [this](const std::string& network) { return people_.count_from(network); },
                 [this] { return pages_in_use_.size(); },
                 [](std::string_view why) { return text(why, '\n'); }}) {}

void HandlerPool::start() {
    acceptor_.start(settings_);
    update();
}

void HandlerPool::configure(std::size_t own) {
    acceptor_.set_own(own);
    acceptor_.configure(settings_);
    update();
}

void HandlerPool::close() {
    acceptor_.close();
    for (const Accepted& waiting : arrivals_) acceptor_.turn_away(waiting.socket, stopping_words);
}

// Nobody is let in who could not be handed over at once.
void HandlerPool::update() {
    using Vacancy = Acceptor::Vacancy;
    if (!spawner_.is_ready()) return acceptor_.set_vacancy(Vacancy::not_now);
    acceptor_.set_vacancy(pages_in_use_.size() < max_clients() ? Vacancy::free : Vacancy::full);
}

void HandlerPool::take(Accepted&& accepted) {
    if (bans_.keeps_out(accepted.peer, {}, std::chrono::system_clock::now()))
        return acceptor_.turn_away(accepted.socket, banned_words);
    StatusPages::Lease page{pages_};
    if (!page) return acceptor_.turn_away(accepted.socket, busy_words);
    auto [ours, theirs] = make_packet_pair();
    keep_alive(accepted.socket.get(), settings_.keepalive);
    set_no_delay(accepted.socket.get());
    set_urgent_inline(accepted.socket.get()); // a telnet client's Synch
    Fd second = duplicate(accepted.socket.get(), accepted.peer.shown());
    Client& client = people_.add(accepted.peer);
    const ClientNumber number = client.number;
    try {
        client.page = page.number();
        client.arrival = {std::move(second), accepted.peer};
        client.pair = Watch{loop_, std::move(ours), Interest::read,
                            [this, number](const Event&) { on_pair(number); }, charge_to(number)};
        pages_in_use_[number] = page.number();
    } catch (const std::exception&) { // nothing of this client stays
        people_.remove(client);
        throw;
    }
    page.keep();
    callbacks_.on_arrival(client);
    spawner_.spawn(number, client.page, std::move(accepted.socket), std::move(theirs));
    update();
}

Loop::OnError HandlerPool::charge_to(ClientNumber number) const {
    return [this, number](const std::exception& error) {
        if (Client* const client = people_.find(number)) callbacks_.on_fault(*client, error.what());
    };
}

// A handler may have spoken, and its client have gone, before this comes.
void HandlerPool::on_spawned(ClientNumber number, pid_t pid) {
    Client* const client = people_.find(number);
    if (pid < 0) {
        acceptor_.pause("fork failed");
        on_ended(number, 0);
        if (client != nullptr) callbacks_.on_lost(*client);
        return;
    }
    if (client == nullptr) return; // it is gone already; its end follows
    const auto note = [&] {
        client->pid = pid;
        client->arrival.reset();
        acceptor_.log_accept(client->peer, pid, people_.count());
        if (!client->pair) callbacks_.on_lost(*client); // its handler has ended already
    };
    loop_.attempt(note, charge_to(number));
}

void HandlerPool::on_ended(ClientNumber number, int status) {
    const auto page = pages_in_use_.find(number);
    if (page == pages_in_use_.end()) return;
    if (const auto leaving = leaving_.find(number); leaving != leaving_.end()) {
        const auto read_last_words = [&] {
            for (int turns = 256; turns > 0 && read_errors(leaving->second); --turns) {
            } // an orphan's are endless if it wants
        };
        loop_.attempt(read_last_words, [](const std::exception&) {}); // they are lost; its page is not
        loop_.cancel(leaving->second.kill_at);
        leaving->second.errors.end(log_, {"handler", leaving->second.pid});
        leaving_.erase(leaving);
    }
    pages_.give_back_unread(page->second);
    pages_in_use_.erase(page);
    update();
    if (status != 0) { // a signal, or an error that it could not tell its client
        ++crashed_;
        log_.warning(text("a handler ended: ", describe_status(status)));
    }
}

// The handlers go on, also one of which the spawner had not told yet: it holds the other end of its client's
// pair. Who has none gets one from the next spawner.
void HandlerPool::on_spawner_lost() {
    update();
    for (const auto& [number, leaving] : leaving_) loop_.cancel(leaving.kill_at); // nobody can
    orphans_.insert(pages_in_use_.begin(), pages_in_use_.end());
    std::vector<ClientNumber> unborn;
    for (const auto& [number, client] : people_.all())
        if (client.arrival) unborn.push_back(number);
    std::sort(unborn.begin(), unborn.end()); // first come, first served
    for (const ClientNumber number : unborn) {
        unsure_.insert(number);
        if (is_at_end(people_.find(number)->pair)) hand_on(number);
    }
    std::vector<ClientNumber> gone;
    for (const auto& [number, page] : orphans_)
        if (people_.find(number) == nullptr) gone.push_back(number);
    for (const ClientNumber number : gone) rest_page(number);
}

void HandlerPool::on_pair(ClientNumber number) {
    if (unsure_.count(number) != 0) {
        Client& client = *people_.find(number);
        if (is_at_end(client.pair)) return hand_on(number);
        unsure_.erase(number); // what it brings comes from a handler
        client.arrival.reset();
    }
    callbacks_.on_readable(number);
}

// To the next spawner: this client has no handler.
void HandlerPool::hand_on(ClientNumber number) {
    Client& client = *people_.find(number);
    arrivals_.push_back(*std::move(client.arrival));
    callbacks_.on_lost(client);
    if (spawner_.is_ready()) on_spawner_ready();
}

void HandlerPool::on_spawner_ready() {
    for (Accepted& waiting : std::exchange(arrivals_, {})) admit(std::move(waiting));
    update();
}

// One of several: what it lacks costs the others nothing.
void HandlerPool::admit(Accepted accepted) {
    const Fd& socket = accepted.socket;
    loop_.attempt([&] { take(std::move(accepted)); },
                  [&](const std::exception& error) {
                      acceptor_.pause(error.what());
                      if (socket) acceptor_.turn_away(socket, busy_words);
                  });
}

void HandlerPool::rest_page(ClientNumber number) {
    if (orphans_.erase(number) != 0)
        loop_.at(Clock::now() + orphan_time, [this, number] { on_ended(number, 0); });
}

void HandlerPool::wake(const Client& client) const {
    if (client.pair && SleepWord{pages_.page(client.page)}.tell_news()) send_wake(client, {});
}

// A full pair holds a wake already. Of any other failure the handler would sleep on, so it is tried again.
void HandlerPool::send_wake(const Client& client, Patience patience) const {
    const auto sent =
        retry([&] { return ::send(client.pair.fd(), chatd::wake.data(), chatd::wake.size(), MSG_NOSIGNAL); });
    if (sent != -1 || errno == EAGAIN) return;
    if (means_vanished(errno)) return doubt(client);
    const auto pause = patience.fail(Clock::now());
    if (!pause) return give_up(client, "it cannot be woken");
    loop_.at(Clock::now() + *pause, [this, number = client.number, patience] {
        const Client* const asleep = people_.find(number);
        if (asleep != nullptr && asleep->pair) send_wake(*asleep, patience);
    });
}

void HandlerPool::give_up(const Client& client, std::string_view why) const {
    give_up_after({}, client, why);
}

void HandlerPool::doubt(const Client& client) const {
    constexpr std::chrono::seconds patience{1};
    give_up_after(patience, client, "its pair takes nothing more");
}

// Whoever works for a client may be in the middle of others.
void HandlerPool::give_up_after(std::chrono::seconds time, const Client& client, std::string_view why) const {
    loop_.at(Clock::now() + time, [this, number = client.number, why = std::string{why}] {
        if (Client* const still_here = people_.find(number)) callbacks_.on_fault(*still_here, why);
    });
}

void HandlerPool::release(Client& client) {
    const ClientNumber number = client.number;
    acceptor_.log_end(text(client.peer, " pid ", client.pid, ' ', escape(client.name)), people_.count() - 1);
    if (pages_in_use_.contains(number))
        give_time_to_end(client);
    else
        client.errors.end(log_, {"handler", client.pid});
    people_.remove(client);
    unsure_.erase(number);
    rest_page(number);
    update();
}

// It hears the end of its pair now; ours stays open, so that the log has what it writes until its own end.
void HandlerPool::give_time_to_end(Client& client) {
    const ClientNumber number = client.number;
    Leaving leaving{{}, std::move(client.errors), client.pid, {}};
    if (!is_at_end(client.pair)) {
        Fd pair = client.pair.release();
        ::shutdown(pair.get(), SHUT_WR);
        const auto on_event = [this, number](const Event&) {
            const auto found = leaving_.find(number);
            if (found != leaving_.end() && read_errors(found->second)) found->second.pair.again();
        };
        const auto on_error = [this, number](const std::exception&) { leaving_.at(number).pair.reset(); };
        try {
            leaving.pair = Watch{loop_, std::move(pair), Interest::read, on_event, on_error};
        } catch (const std::exception& error) { // what it writes is lost then
            log_.warning(text("handler ", client.pid, ": ", error.what()));
        }
    }
    if (!orphans_.contains(number))
        leaving.kill_at = loop_.at(Clock::now() + leaving_time, [this, number] { kill_late(number); });
    leaving_.insert_or_assign(number, std::move(leaving));
}

// Frames mean nothing any more.
bool HandlerPool::read_errors(Leaving& leaving) {
    constexpr int packets_at_once = 16;
    std::array<char, max_frame> buffer; // not filled: there is seldom anything
    for (int budget = packets_at_once; leaving.pair && budget > 0; --budget) {
        try {
            const Received got = receive_packet(leaving.pair.fd(), buffer, 0, Tolerated::longer);
            if (got.state == IoState::would_block) return false;
            if (got.state == IoState::ended) leaving.pair.reset();
            if (got.state != IoState::done) continue;
            const auto packet = std::span{buffer}.first(got.bytes);
            if (is_error_text(packet)) leaving.errors.add(packet, got.is_cut, log_, {"handler", leaving.pid});
        } catch (const PeerError&) {
            // It passed a descriptor, which is closed.
        }
    }
    return static_cast<bool>(leaving.pair);
}

void HandlerPool::kill_late(ClientNumber number) {
    log_.warning(text("handler ", leaving_.at(number).pid, " is killed: it did not end within ",
                      leaving_time.count(), " s"));
    spawner_.signal(number, SIGKILL);
}

void HandlerPool::read_last_words() {
    while (!leaving_.empty()) on_ended(leaving_.begin()->first, 0);
}

} // namespace chatd
