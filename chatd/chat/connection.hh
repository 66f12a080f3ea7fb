// SPDX-License-Identifier: ISC
// chat's connection to a server, in the clear or under TLS. Trusts nothing that the server sends. Run by
// chat.
#pragma once

#include "common/fd.hh"
#include "common/tls/tls_client.hh"

#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace chatd {

class Connection {
public:
    Connection() = default; // none
    // A socket that is connected.
    explicit Connection(common::Fd socket) : socket_(std::move(socket)) {}
    Connection(Connection&&) = default;
    Connection& operator=(Connection&& other) noexcept {
        reset();
        socket_ = std::move(other.socket_);
        if (other.relay_) relay_.emplace(std::move(*other.relay_));
        return *this;
    }

    explicit operator bool() const { return static_cast<bool>(socket_); }
    int get() const { return socket_.get(); }
    void reset() {
        relay_.reset();
        socket_.reset();
    }

    // Puts it under TLS, and waits for that; the user may be asked. Throws as TlsClient::secure.
    void secure(common::TlsClient& tls, std::chrono::milliseconds patience);
    // The same without waiting: nothing is carried before go_on, to be called whenever relay() is readable,
    // has returned true; throws as TlsClient::check.
    void begin_tls(common::TlsClient& tls);
    bool go_on(common::TlsClient& tls) { return tls.check(*relay_); }
    int relay() const { return relay_ ? relay_->fd() : -1; }

    // As common::read_some and send_some: what was cut under TLS has vanished.
    common::IoResult read(std::span<char> into);
    common::IoResult send(std::string_view bytes) { return common::send_some(socket_.get(), bytes); }
    // Nothing more comes from us.
    void half_close();

private:
    common::Fd socket_; // or the stream in its place
    std::optional<common::SecuredConnection> relay_;
};

} // namespace chatd
