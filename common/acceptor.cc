// SPDX-License-Identifier: ISC
#include "common/acceptor.hh"

#include "common/daemon.hh"
#include "common/text.hh"

#include <algorithm>
#include <exception>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace common {
namespace {

constexpr int accepts_at_once = 64;             // clients of one listener in one round
constexpr std::chrono::seconds pause_length{1}; // after a failed fork or accept
constexpr std::chrono::seconds sum_length{10};  // of the refusals that one line of the log sums up

} // namespace

void Acceptor::open(std::vector<Given> listeners, const DaemonSettings& settings, std::size_t own) {
    for (Given& given : listeners) {
        set_nonblocking(given.fd.get());
        hold(std::move(given));
    }
    wanted_ = settings.max_clients;
    own += listeners_.size();
    capacity_.emplace(wanted_, settings.events, require_descriptors(own), own);
}

// What can fail of it fails before anybody is told of it.
void Acceptor::hold(Given given) {
    std::string place = local_address(given.fd.get()).shown();
    listeners_.push_back({std::move(given.label), std::move(place), std::move(given.fd)});
}

void Acceptor::start(const DaemonSettings& settings) {
    for (Listener& listener : listeners_) start(listener);
    configure(settings);
}

void Acceptor::start(Listener& listener) {
    listener.watch = Watch{loop_, listener.fd.get(), polling_ ? Interest::read : Interest::none,
                           [this, &listener](const Event&) { accept_clients(listener); },
                           [this](const std::exception& error) { pause(error.what()); }};
    log_.always(text("listening on ", listener.place));
}

void Acceptor::add(Given given) {
    hold(std::move(given));
    start(listeners_.back());
}

// What listens on there under another label is the same socket.
void Acceptor::remove(const std::string& label) {
    std::erase_if(listeners_, [&](const Listener& listener) {
        if (listener.label != label) return false;
        const bool goes_on = std::ranges::any_of(listeners_, [&](const Listener& other) {
            return other.place == listener.place && other.label != label;
        });
        if (goes_on) return true;
        log_.always(text("not listening any more on ", listener.place));
        ::shutdown(listener.fd.get(), SHUT_RDWR);
        return true;
    });
}

void Acceptor::configure(const DaemonSettings& settings) {
    limits_ = settings.per_address;
    wanted_ = settings.max_clients;
    refuses_when_full_ = settings.refuses_when_full;
    update();
    if (const auto shortage = capacity_->explain(wanted_)) log_.warning(*shortage);
}

std::string Acceptor::places() const {
    std::string all;
    for (const Listener& listener : listeners_) all += (all.empty() ? "" : " ") + listener.place;
    return all;
}

void Acceptor::set_vacancy(Vacancy vacancy) {
    vacancy_ = vacancy;
    update();
}

void Acceptor::update() {
    const bool accepts = vacancy_ == Vacancy::free || (vacancy_ == Vacancy::full && refuses_when_full_);
    const bool poll = accepts && !paused_;
    if (poll == polling_) return;
    polling_ = poll;
    for (Listener& listener : listeners_)
        if (listener.watch) listener.watch.change(poll ? Interest::read : Interest::none);
}

void Acceptor::pause(std::string_view why) {
    if (!std::exchange(paused_, true))
        loop_.at(Clock::now() + pause_length, [this] {
            paused_ = false;
            update();
        });
    update();
    log_.warning(text("not accepting for ", pause_length.count(), " s: ", why));
}

// What a client needs and the system lacks costs that client, and others a pause.
void Acceptor::accept_clients(const Listener& listener) {
    for (int budget = accepts_at_once; polling_; --budget) {
        if (budget == 0) return loop_.again(listener.fd.get());
        std::optional<Accepted> client = accept_from(listener.fd);
        if (!client) return;
        client->listener = listener.label;
        admit(std::move(*client));
    }
}

void Acceptor::admit(Accepted client) {
    const auto refusal = refusal_for(client.peer);
    if (!refusal) return callbacks_.on_client(std::move(client));
    ++refused_;
    if (callbacks_.on_refusal) callbacks_.on_refusal();
    log_refusal(client.peer, *refusal);
    if (!speaks_tls(client.listener)) turn_away(client, *refusal); // else it would not understand
}

// Without an address there is nothing to count by.
std::optional<std::string> Acceptor::refusal_for(const Address& peer) {
    const bool has_address = peer.family() != AF_UNIX;
    const std::string network = peer.network();
    const std::size_t present = has_address ? callbacks_.count_from(network) : 0;
    if (has_address)
        if (auto refusal = admission_.refuse(network, present, Clock::now(), limits_)) return refusal;
    if (vacancy_ == Vacancy::full)
        return text("Too many clients (limit ", max_clients(), "): try again later.");
    return refuse_last_places(network, present, callbacks_.count(), max_clients());
}

void Acceptor::log_refusal(const Address& peer, std::string_view why) {
    if (refusals_.add(peer.network(), why)) log_.notice(text("refuse ", peer.shown(), ": ", why));
    sum_up_later();
}

void Acceptor::sum_up_later() {
    if (refusals_.empty() || std::exchange(sums_up_, true)) return;
    loop_.at(Clock::now() + sum_length, [this] {
        sums_up_ = false;
        tell_refusals();
        sum_up_later();
    });
}

void Acceptor::tell_refusals() {
    for (const std::string& line : refusals_.take()) log_.notice(line);
}

void Acceptor::log_accept(std::string_view peer, pid_t pid, std::size_t clients) const {
    log_.notice(text("accept ", peer, " pid ", pid, " clients ", clients, '/', max_clients()));
}

void Acceptor::log_end(std::string_view who, std::size_t clients, Severity severity) const {
    log_.write(severity, text("end ", who, " clients ", clients, '/', max_clients()));
}

// Closing with unread bytes would reset the connection before the words arrive; a client of a protocol in
// which the server speaks first has sent nothing yet.
void Acceptor::turn_away(const Accepted& client, std::string_view why) {
    try {
        write_some(client.socket.get(), callbacks_.farewell(why, client.listener));
    } catch (const std::system_error&) {
        // The client is not let in anyway.
    }
}

bool Acceptor::has(std::string_view label) const {
    return std::any_of(listeners_.begin(), listeners_.end(),
                       [&](const Listener& listener) { return listener.label == label; });
}

void Acceptor::close() {
    loop_.attempt([this] { tell_refusals(); }, [](const std::exception&) {});
    for (const Listener& listener : listeners_)
        if (listener.label.starts_with(label_of_listener)) ::shutdown(listener.fd.get(), SHUT_RDWR);
    listeners_.clear();
}

} // namespace common
