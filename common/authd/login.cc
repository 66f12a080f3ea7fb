// SPDX-License-Identifier: ISC
#include "common/authd/login.hh"

#include "common/authd/authd_frames.hh"
#include "common/errors.hh"
#include "common/socket.hh"

#include <array>
#include <stdexcept>

namespace common {

void Login::ask(LoginKind kind, std::string_view name, std::string_view password) {
    if (is_waiting_) throw std::logic_error("a question while a verdict is waited for");
    const Secret packet = pack_question(kind, name, password);
    if (!pair_) return;
    // Nothing else is on its way, so there is room.
    is_waiting_ = send_packet(pair_.get(), packet.view()) == IoState::done;
    if (!is_waiting_) pair_.reset();
}

std::optional<Verdict> Login::take_verdict() {
    if (!is_waiting_ || !pair_) return Verdict{};
    std::array<char, max_authd_packet> packet{};
    Received got = receive_packet(pair_.get(), packet, 0);
    // A verdict may be queued after the reset.
    if (got.state == IoState::vanished) got = receive_packet(pair_.get(), packet, 0);
    if (got.state == IoState::would_block) return {};
    is_waiting_ = false;
    if (got.state == IoState::done) return unpack_verdict(std::span{packet}.first(got.bytes));
    pair_.reset();
    return Verdict{};
}

} // namespace common
