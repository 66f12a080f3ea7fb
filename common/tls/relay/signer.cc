// SPDX-License-Identifier: ISC
#include "common/tls/relay/signer.hh"

#include "common/errors.hh"
#include "common/peek.hh"
#include "common/socket.hh"
#include "common/tls/tls_frames.hh"

#include <algorithm>
#include <stdexcept>

namespace common {
namespace {

constexpr std::chrono::seconds patience{10};

// The next frame; no other state than done and ended. The caller has nothing else to do.
TlsReceived wait_for(int pair, TlsWord word, Clock::time_point deadline) {
    for (;;) {
        TlsReceived got = receive_tls_frame(pair, {word});
        if (got.state == IoState::vanished) got.state = IoState::ended;
        if (got.state != IoState::would_block) return got;
        if (!wait_for_input(pair, deadline)) throw std::runtime_error("keyd does not answer");
    }
}

} // namespace

std::string Signer::sign(std::uint32_t key, std::uint32_t algorithm, std::string_view bytes) {
    const TlsFrame question{
        .word = TlsWord::sign, .number = key, .detail = algorithm, .bytes = std::string{bytes}};
    const auto deadline = Clock::now() + patience;
    for (;;) {
        if (!keyd_) renew(deadline);
        TlsReceived got{.state = IoState::ended};
        if (send_tls_frame(keyd_.get(), question) == IoState::done)
            got = wait_for(keyd_.get(), TlsWord::signature, deadline);
        if (got.state == IoState::done && got.frame.detail != 0) throw PeerError(got.frame.bytes);
        if (got.state == IoState::done) return got.frame.bytes;
        keyd_.reset(); // it has died
    }
}

void Signer::renew(Clock::time_point deadline) {
    TlsReceived got{.state = IoState::ended};
    if (tlsd_ >= 0 && send_tls_frame(tlsd_, {.word = TlsWord::want_signer}) == IoState::done)
        got = wait_for(tlsd_, TlsWord::signer, deadline);
    if (got.state != IoState::done) throw std::runtime_error("keyd has ended, and no other is there");
    keyd_ = std::move(got.first);
}

} // namespace common
