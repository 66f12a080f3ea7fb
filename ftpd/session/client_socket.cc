// SPDX-License-Identifier: ISC
#include "ftpd/session/client_socket.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/tls/relay_link.hh"
#include "common/unacknowledged.hh"
#include "ftpd/session/parent_link.hh"
#include "ftpd/session/refusal.hh"

#include <algorithm>
#include <sys/socket.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

using Reason = SessionOver::Reason;

constexpr std::size_t max_unsent = 65536;              // bytes that are written together
constexpr std::chrono::seconds patience_with_tlsd{10}; // where many clients come at once

Interest operator|(Interest one, Interest other) {
    return static_cast<Interest>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}

} // namespace

ClientSocket::ClientSocket(Backend events, std::chrono::seconds stall_limit, Fd socket, ParentLink& parent)
    : socket_(std::move(socket)), parent_(parent), poller_(Poller::make(events)), stall_limit_(stall_limit) {
    poller_->watch(parent_.fd(), Interest::read);
}

void ClientSocket::say(std::string_view bytes) {
    unsent_ += bytes;
    if (unsent_.size() >= max_unsent) flush();
}

void ClientSocket::send(std::string_view bytes) {
    if (bytes.size() < max_unsent) return say(bytes);
    flush();
    write_all(bytes);
}

void ClientSocket::flush() {
    if (!unsent_.empty()) write_all(std::exchange(unsent_, {}));
}

void ClientSocket::flush_at_last(std::string_view last) {
    unsent_ += last;
    try {
        write_some(socket_.get(), std::exchange(unsent_, {}));
    } catch (const std::system_error&) {
        // The session ends anyway.
    }
}

void ClientSocket::end_output() {
    flush();
    if (relay_ != nullptr) relay_->say_whole(control_connection);
    ::shutdown(socket_.get(), SHUT_WR); // fails only where the client is gone
}

// Whoever sits between could have sent commands behind AUTH, which would be done as the client's.
void ClientSocket::begin_tls(std::string_view words, RelayLink& link, const RelayTerms& terms) {
    while (!input_ended_ && read_once()) buffer_.consume(buffer_.buffered().size());
    say(words);
    flush();
    buffer_.consume(buffer_.buffered().size()); // read while waiting: the client had not seen the words yet
    begin_with_tls(link, terms);
}

void ClientSocket::begin_with_tls(RelayLink& link, const RelayTerms& terms) {
    poller_->forget(socket_.get());
    client_interest_ = Interest::none;
    relay_ = &link;
    socket_ = link.begin(terms, std::move(socket_), patience_with_tlsd);
}

std::optional<std::size_t> ClientSocket::unacknowledged() {
    if (relay_ == nullptr) return unacknowledged_bytes(socket_.get());
    const std::optional<bool> answer = relay_->is_acknowledged();
    was_reset_ = answer == false;
    return answer == true ? 0 : 1;
}

bool ClientSocket::was_reset() { return relay_ == nullptr ? connect_error(socket_.get()) != 0 : was_reset_; }

bool ClientSocket::was_cut(bool trusts_ends) {
    if (relay_ == nullptr) return false;
    relay_->hear();
    const std::optional<RelayEnd> end = relay_->connection(control_connection).end;
    return end != RelayEnd::clean && !(trusts_ends && end == RelayEnd::bare);
}

// The connection is dead both ways, which the poller would go on to report.
void ClientSocket::lose() {
    if (!survives_ || !survives_()) throw SessionOver{Reason::client_gone};
    poller_->forget(socket_.get());
    lost_ = true;
}

void ClientSocket::write_all(std::string_view bytes) {
    if (lost_) return lose();
    while (!bytes.empty()) {
        const IoResult wrote = write_some(socket_.get(), bytes);
        if (wrote.state == IoState::vanished) return lose();
        if (wrote.state == IoState::would_block &&
            !wait_for(socket_.get(), Interest::write, Clock::now() + stall_limit_))
            throw SessionOver{Reason::stalled};
        bytes.remove_prefix(wrote.bytes);
    }
}

bool ClientSocket::read_once() {
    switch (buffer_.fill(socket_.get())) {
    case IoState::done: return true;
    case IoState::would_block: return false;
    case IoState::ended: return input_ended_ = true;
    case IoState::vanished: break;
    }
    lose();
    return input_ended_ = true;
}

bool ClientSocket::take_input() {
    bool anything = false;
    while (!input_ended_ && !buffer_.full() && read_once()) anything = true;
    return anything;
}

std::size_t ClientSocket::receive(std::span<char> into) {
    const Deadline deadline = Clock::now() + stall_limit_;
    for (;;) {
        if (const std::string_view before = buffer_.buffered(); !before.empty()) { // read while waiting, too
            const std::size_t taken = before.copy(into.data(), into.size());
            buffer_.consume(taken);
            return taken;
        }
        if (input_ended_) return 0;
        const IoResult got = read_some(socket_.get(), into);
        if (got.state == IoState::done) return got.bytes;
        if (got.state == IoState::vanished) lose();
        if (got.state == IoState::ended || got.state == IoState::vanished)
            input_ended_ = true;
        else if (!wait_for(socket_.get(), Interest::read, deadline))
            throw SessionOver{Reason::stalled};
    }
}

std::string_view ClientSocket::wait_for_input(std::size_t more_than) {
    const Deadline deadline = Clock::now() + stall_limit_;
    while (buffer_.buffered().size() <= more_than && !take_input() && !input_ended_)
        if (!wait_for(socket_.get(), Interest::read, deadline)) throw SessionOver{Reason::stalled};
    return buffer_.buffered();
}

bool ClientSocket::input_ended() {
    take_input();
    return input_ended_;
}

bool ClientSocket::wait_for(int fd, Interest interest, Deadline deadline) {
    for (;;) {
        const Woken woken = wait_once(fd, interest, deadline);
        if (woken != Woken::by_others) return woken == Woken::ready;
    }
}

ClientSocket::Woken ClientSocket::wait_once(int fd, Interest interest, Deadline deadline) {
    flush();
    if (time_limit_) deadline = std::min(deadline.value_or(*time_limit_), *time_limit_);
    parent_.check_signals();
    const bool is_client = fd == socket_.get();
    const Interest own = !input_ended_ && !buffer_.full() ? Interest::read : Interest::none;
    if (!lost_) watch_client(is_client ? own | interest : own);
    // Else what is not waited for now, but is ready, or dead, would end every wait at once.
    if (is_client)
        forget(other_);
    else
        watch_other(fd, interest);

    std::optional<std::chrono::milliseconds> left;
    if (deadline)
        left = std::max(std::chrono::milliseconds{0},
                        std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()));
    bool ready = false;
    for (const Event& event : poller_->wait(left, parent_.signals_while_waiting())) {
        if (event.fd == parent_.fd()) parent_.take_orders();
        if (event.fd == fd) ready = true;
        if (event.fd != socket_.get()) continue;
        take_input();
        // Nothing more can be read, so a connection that is dead both ways has nothing more to say.
        if (event.hangup && !lost_ && (input_ended_ || buffer_.full())) lose();
    }
    if (time_limit_ && Clock::now() >= *time_limit_) throw SessionOver{Reason::late};
    if (ready) return Woken::ready;
    return deadline && Clock::now() >= *deadline ? Woken::deadline : Woken::by_others;
}

void ClientSocket::watch_client(Interest interest) {
    if (interest == client_interest_) return;
    poller_->watch(socket_.get(), interest);
    client_interest_ = interest;
}

void ClientSocket::watch_other(int fd, Interest interest) {
    if (other_ == fd && other_interest_ == interest) return;
    if (other_ != fd) forget(other_);
    poller_->watch(fd, interest);
    other_ = fd;
    other_interest_ = interest;
}

void ClientSocket::forget(int fd) {
    if (fd < 0 || fd != other_) return;
    poller_->forget(fd);
    other_ = -1;
}

} // namespace ftpd
