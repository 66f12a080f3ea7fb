// SPDX-License-Identifier: ISC
// Clients that came in where TLS is spoken from the first byte on (suite-tls(8)): their sockets go to tlsd
// before anybody else has them, and the plain end of a stream comes in their place. Nothing here waits: while
// no tlsd is there, a few of them wait for the next one, and more are let go. Run by the hub, which reads
// nothing of what they send.
#pragma once

#include "chatd/hub/client.hh"
#include "chatd/settings.hh"
#include "common/fd.hh"
#include "common/log.hh"
#include "common/loop.hh"
#include "common/tls/tls_link.hh"

#include <cstddef>
#include <functional>
#include <optional>
#include <sys/types.h>

namespace chatd {

class TlsDoor {
public:
    // end: tlsd has broken the protocol, and is to be ended. All must outlive this.
    TlsDoor(common::Loop& loop, common::Log& log, const Settings& settings, std::function<void()> end);

    // Descriptors that this may need at once.
    static std::size_t descriptors(const Settings& settings);
    // Whether none has yet found the certificates to be good.
    bool is_awaited() const { return link_ && !link_->was_ready(); }
    // The pair with a tlsd that was started.
    void adopt(common::Fd pair, pid_t pid) {
        if (link_) link_->adopt(std::move(pair), pid);
    }

    // Puts the stream in the socket's place, and the pair with its relay beside it. False: not now; then the
    // socket is as it was. max_clients: how many there may be. Throws std::system_error when the socket is
    // lost, with its client.
    bool begin(Arrival& client, std::size_t max_clients);

    void leave() { // tlsd goes on with another hub
        if (link_) link_->leave();
    }
    void stop() { // it ends with the last of its clients
        if (link_) link_->stop();
    }

private:
    const Settings& settings_;
    std::optional<common::TlsLink> link_; // only with a certificate
};

} // namespace chatd
