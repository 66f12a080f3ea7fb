// SPDX-License-Identifier: ISC
#include "chatd/handler/client_socket.hh"

#include <string_view>

using namespace common;

namespace chatd {

bool ClientSocket::wants_more(const Intake& intake) const {
    return !has_ended_ && !is_ending_ && !intake.is_full() && has_room();
}

bool ClientSocket::read(Intake& intake) {
    if (!is_ready_ || !wants_more(intake)) return false;
    const IoState state = intake.fill(client_.get());
    if (state == IoState::vanished) throw Gone{};
    is_ready_ = state != IoState::would_block;
    if (!is_ready_) return false;
    if (state != IoState::ended) return true;
    if (tls_.was_cut()) throw Gone{};
    end_input(intake);
    return true;
}

void ClientSocket::end_input(Intake& intake) {
    has_ended_ = true;
    intake.end_input(tls_.is_input_whole());
}

bool ClientSocket::write() {
    std::size_t written = 0;
    while (written < waiting_.size()) {
        const IoResult wrote = write_some(client_.get(), std::string_view{waiting_}.substr(written));
        if (wrote.state == IoState::vanished) throw Gone{};
        if (wrote.state != IoState::done) break;
        written += wrote.bytes;
    }
    waiting_.erase(0, written);
    return written > 0;
}

} // namespace chatd
