// SPDX-License-Identifier: ISC
// The end of tlsd in a daemon's main process, which never sees a certificate: gives it an end of each new
// client's pair, and puts what it notes into the log. The keeper starts tlsd, and again when it dies, and
// hands over the pair with each.
#pragma once

#include "common/address.hh"
#include "common/fd.hh"
#include "common/helper_process.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <cstddef>
#include <functional>
#include <span>
#include <sys/types.h>

namespace common {

class TlsLink {
public:
    // Clients that are kept waiting for a tlsd that is not there; each takes a descriptor.
    static constexpr std::size_t max_unsent = 128;

    // end: it has broken the protocol, and is to be ended. loop and log must outlive this.
    TlsLink(Loop& loop, Log& log, std::function<void()> end);
    TlsLink(const TlsLink&) = delete;
    TlsLink& operator=(const TlsLink&) = delete;

    // Whether one has found its certificates to be good, once.
    bool was_ready() const { return was_ready_; }
    // As many wait as may.
    bool is_full() const { return process_.waiting() >= max_unsent; }
    // The pair with a tlsd that was started.
    void adopt(Fd pair, pid_t pid) { process_.adopt(std::move(pair), pid); }
    // The client's process's end of a new pair, for RelayLink. While no tlsd is there a few of them wait, and
    // of more the process finds its pair at its end. max_clients: how many clients there may be, which caps
    // relays; 0: that is not known.
    Fd open_client(const Address& client, std::size_t max_clients);
    // It goes on with another process.
    void leave() { process_.leave(); }
    // It takes no more clients, and ends with the last of those it has.
    void stop() { process_.stop(); }

private:
    void heed(std::span<const char> packet);

    Log& log_;
    HelperProcess process_;
    bool was_ready_ = false;
};

} // namespace common
