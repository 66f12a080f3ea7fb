// SPDX-License-Identifier: ISC
#include "chatd/chat/connection.hh"

#include <sys/socket.h>

using namespace common;

namespace chatd {

void Connection::secure(TlsClient& tls, std::chrono::milliseconds patience) {
    relay_.emplace(tls.start());
    socket_ = tls.secure(*relay_, std::move(socket_), patience);
}

void Connection::begin_tls(TlsClient& tls) {
    relay_.emplace(tls.start());
    socket_ = tls.begin(*relay_, std::move(socket_));
}

IoResult Connection::read(std::span<char> into) {
    IoResult got = read_some(socket_.get(), into);
    if (got.state != IoState::ended || !relay_) return got;
    relay_->hear_end();
    if (!relay_->fault().empty() || relay_->has_bare_end()) got.state = IoState::vanished;
    return got;
}

// Fails when the connection does, which reading tells.
void Connection::half_close() {
    if (relay_) relay_->say_whole();
    ::shutdown(socket_.get(), SHUT_WR);
}

} // namespace chatd
