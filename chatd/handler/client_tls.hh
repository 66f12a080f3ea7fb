// SPDX-License-Identifier: ISC
// What a handler has to do with TLS, where its client came in under it: its socket is a stream then, whose
// other end the client's relay has (suite-tls(8)). Here is what the relay tells of the client, and what it is
// told. Run by handlers; trusts the relay with what concerns the client. Without TLS it does nothing.
#pragma once

#include "common/fd.hh"
#include "common/tls/relay_link.hh"

#include <optional>
#include <string>

namespace chatd {

class ClientTls {
public:
    // The pair with the relay, which has the client's socket.
    void adopt(common::Fd relay) { relay_.emplace(std::move(relay), common::RelayLink::Begun{}); }
    bool is_there() const { return relay_.has_value(); }

    // Whether the relay has yet to tell how the handshake went, or to end; hear takes what it has told.
    bool is_awaited() const;
    int fd() const { return relay_->fd(); } // readable when there is something to hear
    void hear() { relay_->hear(); }
    // Once it is known: "1.3/AES-256-GCM", or "no tls: " and why.
    std::string words() const;

    // At the end of what the client has sent: whether somebody has cut it off, and whether the client has
    // said itself that it was all.
    bool was_cut() { return end() && *end() == common::RelayEnd::cut; }
    bool is_input_whole() { return !end() || *end() == common::RelayEnd::clean; }

    // All that was written to the stream is all there is: else the client sees its connection reset. Before
    // the stream is closed.
    void say_whole() {
        if (relay_) relay_->say_whole(common::control_connection);
    }

private:
    std::optional<common::RelayEnd> end();

    std::optional<common::RelayLink> relay_;
};

} // namespace chatd
