// SPDX-License-Identifier: ISC
#include "chatd/hub/handler_pool.hh"

#include "chatd/protocol.hh"
#include "common/children.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/keepalive.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/relay_link.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <sys/socket.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::string_view busy_words = "The server is busy: try again in a moment.";
constexpr std::string_view banned_words = "You are banned.";
constexpr std::string_view stopping_words = "The server is stopping: come back later.";

// Whether all ends of the other side are closed.
bool is_at_end(const Watch& pair) {
    if (!pair) return true;
    for (char byte{};;) {
        const ssize_t got = ::recv(pair.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got >= 0 || errno != ECONNRESET) return got == 0; // that is told once: something was left unread
    }
}

// For the log: " tls 1.3/AES-256-GCM", " no tls: " and why, or nothing.
std::string shown_tls(const std::string& noted) {
    return noted.empty() ? "" : text(noted.starts_with("no tls") ? " " : " tls ", noted);
}

bool wants_tls(const Arrival& arrival) { return speaks_tls(arrival.listener); }
Front front_of(const Arrival& arrival, const Settings& settings) {
    if (!speaks_irc(arrival.listener)) return Front::typed;
    return settings.users.empty() ? Front::irc : Front::irc_with_accounts;
}

// Whoever is not under TLS yet, and wants it, would not understand the words.
void turn_away(Acceptor& acceptor, const Arrival& arrival, std::string_view words) {
    if (wants_tls(arrival) && !arrival.relay) return;
    acceptor.turn_away(arrival, words);
    if (arrival.relay)
        RelayLink{duplicate(arrival.relay.get()), RelayLink::Begun{}}.say_whole(control_connection);
}

} // namespace

HandlerPool::HandlerPool(Loop& loop, Log& log, const Settings& settings, StatusPages& pages, People& people,
                         const Bans& bans, Deposits& deposits, Spawner spawner, Callbacks callbacks)
    : loop_(loop),
      log_(log),
      settings_(settings),
      pages_(pages),
      people_(people),
      bans_(bans),
      deposits_(deposits),
      spawner_(std::move(spawner)),
      leaving_(loop, log, [this](ClientNumber client) { return kill(client); }),
      orphans_(
          loop, [this](ClientNumber client) { on_ended(client, 0); },
          [this](pid_t pid) { spawner_.kill_orphan(pid); }),
      callbacks_(std::move(callbacks)),
      acceptor_(loop, log,
                {[this](Accepted client) { take(std::move(client)); },
                 [this](const std::string& network) { return people_.count_from(network); },
                 [this] { return pages_in_use_.size(); },
                 [](std::string_view why, std::string_view listener) {
                     return speaks_irc(listener) ? text("ERROR :", why, "\r\n") : text(why, '\n');
                 }}) {}

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
    for (const Arrival& waiting : arrivals_) turn_away(acceptor_, waiting, stopping_words);
}

bool HandlerPool::has_arrivals() const {
    return !arrivals_.empty() || !newcomers_.empty() ||
           std::any_of(people_.all().begin(), people_.all().end(),
                       [](const auto& entry) { return entry.second.arrival.has_value(); });
}

void HandlerPool::turn_arrivals_away() {
    for (const Arrival& waiting : std::exchange(arrivals_, {})) turn_away(acceptor_, waiting, busy_words);
    for (const HandOver& waiting : std::exchange(newcomers_, {}))
        turn_away(acceptor_, waiting.arrival, busy_words);
    acceptor_.hand_over();
}

// Nobody is let in who could not be handed over at once.
void HandlerPool::update() {
    using Vacancy = Acceptor::Vacancy;
    if (!accepts_ || !spawner_.is_ready() || !deposits_.has_all())
        return acceptor_.set_vacancy(Vacancy::not_now);
    acceptor_.set_vacancy(pages_in_use_.size() < max_clients() ? Vacancy::free : Vacancy::full);
}

// What it throws leaves the client with the caller.
void HandlerPool::let_in(Arrival&& arrival) {
    if (bans_.keeps_out(arrival.peer, {}, std::chrono::system_clock::now()))
        return turn_away(acceptor_, arrival, banned_words);
    StatusPages::Lease page{pages_};
    if (!page) return turn_away(acceptor_, arrival, busy_words);
    auto [ours, theirs] = make_packet_pair();
    if (!arrival.relay) {
        keep_alive(arrival.socket.get(), settings_.keepalive);
        set_no_delay(arrival.socket.get());
        set_urgent_inline(arrival.socket.get()); // a telnet client's Synch
    }
    if (speaks_irc(arrival.listener) && spawner_.version() < first_with_irc)
        return turn_away(acceptor_, arrival, busy_words);
    if (wants_tls(arrival)) {
        if (!arrival.relay && !callbacks_.begin_tls(arrival)) {
            log_.warning(text("no tls for ", arrival.peer.shown(), ": not now"));
            return turn_away(acceptor_, arrival, busy_words);
        }
        if (send_packet(ours.get(), RelayFrame::make({}), arrival.relay.get()) != IoState::done)
            fail_with(ENOBUFS, "send", "the pair with a relay");
        TlsNote{pages_.page(page.number())}.post({}); // there may be that of a handler before
    }
    Arrival second{{duplicate(arrival.socket.get(), arrival.peer.shown()), arrival.peer, arrival.listener},
                   arrival.relay ? duplicate(arrival.relay.get()) : Fd{}};
    Client& client = people_.add(arrival.peer);
    const ClientNumber number = client.number;
    try {
        client.page = page.number();
        client.spawner = spawner_.pid();
        client.protocol = spawner_.version();
        client.listener = arrival.listener;
        client.login_timeout = settings_.login_timeout;
        client.arrival = std::move(second);
        watch(client, std::move(ours));
        pages_in_use_[number] = page.number();
        deposits_.put_new(client);
    } catch (const std::exception&) { // nothing of this client stays
        pages_in_use_.erase(number);
        people_.remove(client);
        throw;
    }
    page.keep();
    callbacks_.on_arrival(client);
    hand_over({number, client.page, std::move(arrival), std::move(theirs)});
    update();
}

// Whom a handler greets is not lost when the hub is: it stands with the keeper before.
void HandlerPool::hand_over(HandOver newcomer) {
    if (!deposits_.has_all()) return newcomers_.push_back(std::move(newcomer));
    spawner_.spawn(newcomer.client, newcomer.page, front_of(newcomer.arrival, settings_),
                   std::move(newcomer.arrival.socket), std::move(newcomer.pair));
}

void HandlerPool::on_deposited() {
    for (HandOver& newcomer : std::exchange(newcomers_, {})) hand_over(std::move(newcomer));
    update();
}

void HandlerPool::watch(Client& client, Fd pair) {
    const ClientNumber number = client.number;
    client.pair = Watch{loop_, std::move(pair), Interest::read,
                        [this, number](const Event&) { on_pair(number); }, charge_to(number)};
}

void HandlerPool::restore(Client& client, Fd pair) {
    restore_page(client);
    if (pair) watch(client, std::move(pair));
}

// A page may have been another's since: then the earlier one's handler has ended.
void HandlerPool::restore_page(const ClientFacts& facts) {
    if (facts.page >= pages_.size()) throw PeerError("a page that there is not");
    const auto [owner, is_first] = restored_pages_.emplace(facts.page, facts.number);
    if (!is_first && owner->second > facts.number) return;
    if (!is_first) {
        restored_.erase(owner->second);
        pages_in_use_.erase(owner->second);
        leaving_.end(owner->second);
        if (people_.find(owner->second) == nullptr) deposits_.note_ended(owner->second);
        owner->second = facts.number;
    }
    pages_in_use_[facts.number] = facts.page;
    restored_[facts.number] = {facts.spawner, facts.pid};
}

// The hub before may have died before it was told.
void HandlerPool::restore_leaving(ClientFacts facts, Fd pair) {
    restore_page(facts);
    if (!pages_in_use_.contains(facts.number)) return deposits_.note_ended(facts.number);
    const bool is_farewell = !facts.answer.empty() && message_of(facts.answer) == Message::dismissed;
    leaving_.begin(facts.number, facts.pid, {}, std::move(pair),
                   is_farewell ? std::move(facts.answer) : std::string{});
}

// Those of another spawner are orphans.
void HandlerPool::settle_restored(pid_t spawner) {
    std::vector<std::size_t> pages;
    for (const auto& [page, owner] : std::exchange(restored_pages_, {})) pages.push_back(page);
    pages_.take_those(pages);
    for (const auto& [number, one] : std::exchange(restored_, {})) {
        if (one.spawner == spawner) {
            restored_.emplace(number, one);
            continue;
        }
        orphans_.add(number, one.pid);
        if (people_.find(number) == nullptr) orphans_.rest(number);
    }
    update();
}

void HandlerPool::on_handlers(std::span<const SpawnerLink::Callbacks::Handler> some, bool is_last) {
    for (const auto& [number, pid] : some) {
        restored_.erase(number);
        if (Client* const client = people_.find(number)) client->pid = pid;
    }
    if (!is_last) return;
    for (const auto& [number, one] : std::exchange(restored_, {})) on_ended(number, 0);
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
    orphans_.remove(number);
    leaving_.end(number);
    const auto page = pages_in_use_.find(number);
    if (page == pages_in_use_.end()) return;
    Client* const client = people_.find(number);
    if (client != nullptr) client->tls_note = tls_of(*client);
    pages_.give_back_unread(page->second);
    pages_in_use_.erase(page);
    if (client == nullptr) deposits_.note_ended(number);
    update();
    if (status != 0) { // a signal, or an error that it could not tell its client
        ++crashed_;
        log_.warning(text("a handler ended: ", describe_status(status)));
    }
}

// The handlers go on, also one of which the spawner had not told yet: it holds the other end of its client's
// pair. Who has none gets one from the next spawner.
void HandlerPool::on_spawner_lost() {
    newcomers_.clear(); // who has none gets one from the next
    restored_.clear();
    update();
    for (const auto& [number, page] : pages_in_use_) {
        const Client* const client = people_.find(number);
        orphans_.add(number, client != nullptr ? client->pid : leaving_.pid_of(number));
        if (client == nullptr) orphans_.rest(number);
    }
    std::vector<ClientNumber> unborn;
    for (const auto& [number, client] : people_.all())
        if (client.arrival) unborn.push_back(number);
    std::sort(unborn.begin(), unborn.end()); // first come, first served
    for (const ClientNumber number : unborn) {
        unsure_.insert(number);
        if (is_at_end(people_.find(number)->pair)) hand_on(number);
    }
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
    if (spawner_.is_ready())
        for (Arrival& waiting : std::exchange(arrivals_, {})) admit(std::move(waiting));
    update();
}

// One of several: what it lacks costs the others nothing.
void HandlerPool::admit(Arrival arrival) {
    loop_.attempt([&] { let_in(std::move(arrival)); },
                  [&](const std::exception& error) {
                      acceptor_.pause(error.what());
                      if (arrival.socket) turn_away(acceptor_, arrival, busy_words);
                  });
}

void HandlerPool::release(Client& client, std::string_view farewell) {
    const ClientNumber number = client.number;
    acceptor_.log_end(text(client.peer, " pid ", client.pid, ' ', escape(client.name),
                           client.speaks_irc() ? " irc" : "", shown_tls(tls_of(client))),
                      people_.count() - 1);
    if (pages_in_use_.contains(number)) {
        deposits_.note_left(client, farewell);
        leaving_.begin(number, client.pid, std::move(client.errors),
                       is_at_end(client.pair) ? Fd{} : client.pair.release(), std::string{farewell});
    } else {
        deposits_.note_ended(number);
        client.errors.end(log_, {"handler", client.pid});
    }
    people_.remove(client);
    unsure_.erase(number);
    orphans_.rest(number);
    update();
}

} // namespace chatd
