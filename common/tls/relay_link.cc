// SPDX-License-Identifier: ISC
#include "common/tls/relay_link.hh"

#include "common/errors.hh"
#include "common/loop.hh"
#include "common/new_socket.hh"
#include "common/peek.hh"

#include <algorithm>
#include <ctime>
#include <sys/socket.h>
#include <utility>

namespace common {
namespace {

std::pair<Fd, Fd> make_stream_pair() {
    int ends[2]{};
    checked("create a socket pair", {}, [&] { return new_socket_pair(SOCK_STREAM, ends); });
    return {Fd{ends[0]}, Fd{ends[1]}};
}

// The more fits into a stream, the more seldom both sides have to wait for each other's turn.
void enlarge_buffer(const Fd& stream) {
    const int bytes = 1 << 20; // or as much as the system allows
    ::setsockopt(stream.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

} // namespace

bool RelayLink::is_ready() const { return pair_ && !has_begun_ && !has_hung_up(pair_.get()); }

Fd RelayLink::begin(const RelayTerms& terms, Fd client, std::chrono::milliseconds patience) {
    std::pair<Fd, Fd> ends = make_stream_pair(); // ours, the relay's
    patience_ = patience;
    const TlsFrame frame{.word = TlsWord::begin, .bytes = pack_terms(terms)};
    if (!say(frame, client.get(), ends.second.get())) {
        pair_.reset();
        fail_with(ECONNRESET, "reach", "tlsd");
    }
    has_begun_ = true;
    connections_[control_connection] = {};
    return std::move(ends.first);
}

RelayLink::Data RelayLink::add(RelayDirection direction, Fd socket) {
    hear(); // of those before it, which nobody may have waited for: the relay ends with who does not listen
    std::pair<Fd, Fd> ends = make_stream_pair();
    for (const Fd* const end : {&ends.first, &ends.second}) enlarge_buffer(*end);
    const std::uint32_t number = next_++;
    connections_[number] = {};
    const TlsFrame frame{
        .word = TlsWord::data, .number = number, .detail = static_cast<std::uint32_t>(direction)};
    if (!say(frame, socket.get(), ends.second.get())) {
        connections_[number].has_failed = true;
        connections_[number].why = "the system hands over no further connection just now";
    }
    return {number, std::move(ends.first)};
}

void RelayLink::say_whole(std::uint32_t number) { say({.word = TlsWord::whole, .number = number}); }

// Whatever goes wrong, the end of its stream follows, and says the same.
void RelayLink::break_off(std::uint32_t number) noexcept {
    forget(number);
    try {
        say({.word = TlsWord::broken_off, .number = number});
    } catch (const std::exception&) {
    }
}

void RelayLink::say_ticket() { say({.word = TlsWord::ticket}); }

// Whether it is said. Where the relay has gone, the ends of the streams tell. The pair itself has room, but
// too many descriptors of this user may be on their way (unix(7), ETOOMANYREFS), of which no event tells;
// those who wait are many then, so they look more and more seldom.
bool RelayLink::say(const TlsFrame& frame, int first, int second) {
    constexpr long longest_pause = 64'000'000;
    timespec pause{0, 1'000'000};
    const auto deadline = Clock::now() + patience_;
    while (pair_) {
        const IoState state = send_tls_frame(pair_.get(), frame, first, second);
        if (state == IoState::done) return true;
        if (state == IoState::vanished) pair_.reset();
        if (Clock::now() >= deadline) return false;
        ::nanosleep(&pause, nullptr);
        pause.tv_nsec = std::min(2 * pause.tv_nsec, longest_pause);
    }
    return false;
}

void RelayLink::hear() {
    while (pair_ && has_begun_) {
        const TlsReceived got = receive_tls_frame(
            pair_.get(), {TlsWord::secured, TlsWord::ended, TlsWord::sent, TlsWord::acknowledged});
        if (got.state == IoState::would_block) return;
        if (got.state == IoState::vanished) continue; // it left words unread: what it has said follows
        if (got.state != IoState::done) return pair_.reset();
        if (got.frame.word == TlsWord::acknowledged) {
            if (got.frame.number == question_)
                take_answer(acknowledgement_of(got.frame)); // else of one before
            continue;
        }
        const auto found = connections_.find(got.frame.number);
        if (found == connections_.end()) continue; // nobody wants to know any more
        Connection& told = found->second;
        switch (got.frame.word) {
        case TlsWord::secured:
            told.security = unpack_security(got.frame.detail);
            told.cipher = got.frame.bytes;
            break;
        case TlsWord::ended:
            told.end = end_of(got.frame);
            told.why = got.frame.bytes;
            break;
        default:
            (got.frame.detail == 0 ? told.is_sent : told.has_failed) = true;
            if (told.has_failed) told.why = got.frame.bytes;
        }
    }
}

// What is not acknowledged yet may be asked for again.
void RelayLink::take_answer(Acknowledgement answer) {
    if (answer == Acknowledgement::late)
        has_asked_ = false;
    else
        acknowledged_ = answer == Acknowledgement::all;
}

std::optional<bool> RelayLink::is_acknowledged() {
    if (!std::exchange(has_asked_, true)) {
        acknowledged_.reset();
        say({.word = TlsWord::ask_acknowledged, .number = ++question_});
    }
    hear();
    if (!pair_) return false;
    if (acknowledged_) has_asked_ = false;
    return acknowledged_;
}

} // namespace common
