// SPDX-License-Identifier: ISC
// The relay: one for each TLS client, between that and the client's process. It carries the client's control
// connection, and the data connections that the process hands it, as common/tls/relay/channel.hh has it. It
// holds no key of a certificate (common/tls/relay/signer.hh), no file, and no other socket. Forked by tlsd.
// Trusts tlsd and keyd; of the client's process it believes what concerns that client alone; nothing that the
// client sends.
#pragma once

#include "common/fd.hh"
#include "common/loop.hh"
#include "common/tls/gnutls/tls_server.hh"
#include "common/tls/relay/channel.hh"
#include "common/tls/tls_frames.hh"

#include <cstdint>
#include <map>
#include <memory>

namespace common {

class Relay {
public:
    // process: our end of the pair with the client's process. server must outlive this.
    Relay(TlsServer& server, const RelayTerms& terms, Fd process, Channel::Ends control);
    // Serves until the client's process has ended and all is sent that it said was whole. The exit status.
    int run();

private:
    void read_process();
    void heed(TlsReceived got);
    void add(std::uint32_t number, RelayDirection direction, Channel::Ends ends);
    bool has_room();
    void lose_process();
    void tell(const TlsFrame& frame);
    void answer_acknowledged();
    void bury_dead();

    TlsServer& server_;
    RelayTerms terms_;
    Loop loop_;
    Watch process_;
    std::map<std::uint32_t, std::unique_ptr<Channel>> channels_; // by number
    std::uint32_t question_ = 0;                                 // the newest, whether all is acknowledged
    Clock::time_point asked_{};
    Clock::duration pause_{};
    bool has_process_ = true;
};

} // namespace common
