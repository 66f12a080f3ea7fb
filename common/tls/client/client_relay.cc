// SPDX-License-Identifier: ISC
#include "common/tls/client/client_relay.hh"

#include "common/errors.hh"
#include "common/signals.hh"
#include "common/socket.hh"

#include <csignal>
#include <cstdio>

namespace common {
namespace {

constexpr std::uint32_t only_connection = control_connection + 1; // files go over it, and it owes no tickets

} // namespace

ClientRelay::ClientRelay(const ServerProof& proof, Fd program) : proof_(proof), loop_(Backend::poll) {
    program_ = Watch{loop_, std::move(program), Interest::read, [this](const Event&) { read_program(); },
                     [this](const std::exception& error) {
                         std::fprintf(stderr, "%s\n", error.what());
                         lose_program();
                     }};
}

int ClientRelay::run() {
    // A terminal sends them to the program, too, and that ends this.
    Signals signals{SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    while (has_program_ || (channel_ && !channel_->is_over())) loop_.run_once(signals.while_waiting());
    return 0;
}

// All that is there: whoever has closed the stream has said before what that means.
void ClientRelay::read_program() {
    while (has_program_) {
        TlsReceived got = receive_tls_frame(program_.fd(), {TlsWord::begin, TlsWord::accept, TlsWord::whole});
        if (got.state == IoState::would_block) return;
        if (got.state == IoState::vanished) continue; // it left words unread: what it has said follows
        if (got.state != IoState::done) return lose_program();
        heed(std::move(got));
    }
}

void ClientRelay::heed(TlsReceived got) {
    if (got.frame.word == TlsWord::begin) return begin(std::move(got));
    if (!channel_) throw PeerError("the program has not begun");
    if (got.frame.word == TlsWord::accept)
        channel_->go_on();
    else
        channel_->mark_whole();
}

void ClientRelay::begin(TlsReceived got) {
    if (channel_) throw PeerError("the program begins twice");
    terms_ = unpack_terms(got.frame.bytes);
    set_nonblocking(got.first.get());
    set_nonblocking(got.second.get());
    GnutlsSession session = proof_.make_session(got.first.get(), terms_);
    channel_.emplace(loop_, std::move(session), terms_, only_connection, RelayDirection::both,
                     Channel::Ends{std::move(got.first), std::move(got.second)},
                     Channel::Callbacks{[this](const TlsFrame& frame) { tell(frame); },
                                        [this] { read_program(); },
                                        [this](gnutls_session_t made) { show(made); }});
}

void ClientRelay::show(gnutls_session_t session) {
    tell({TlsWord::certificate, only_connection, 0, pack_certificate(proof_.look_at(session))});
}

void ClientRelay::lose_program() {
    if (!std::exchange(has_program_, false)) return;
    program_.reset();
    if (channel_) channel_->lose_process();
}

void ClientRelay::tell(const TlsFrame& frame) {
    if (has_program_ && send_tls_frame(program_.fd(), frame) == IoState::would_block)
        throw PeerError("the program does not read what it is told");
}

} // namespace common
