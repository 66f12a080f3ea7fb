// SPDX-License-Identifier: ISC
// The relay of a client program: between that and a server that speaks TLS. It has the handshake, shows the
// program the server's certificate, and carries one connection, once the program has accepted that. It holds
// no file and no other socket. Started by the program (common/tls/secured_connection.hh), which it trusts;
// nothing that the server sends.
#pragma once

#include "common/fd.hh"
#include "common/loop.hh"
#include "common/tls/gnutls/server_proof.hh"
#include "common/tls/relay/channel.hh"
#include "common/tls/tls_frames.hh"

#include <optional>

namespace common {

class ClientRelay {
public:
    // program: our end of the pair with it. proof must outlive this.
    ClientRelay(const ServerProof& proof, Fd program);
    // Serves until the program has ended the connection and all is sent that it said was whole. The exit
    // status.
    int run();

private:
    void read_program();
    void heed(TlsReceived got);
    void begin(TlsReceived got);
    void show(gnutls_session_t session);
    void lose_program();
    void tell(const TlsFrame& frame);

    const ServerProof& proof_;
    RelayTerms terms_;
    Loop loop_;
    Watch program_;
    std::optional<Channel> channel_;
    bool has_program_ = true;
};

} // namespace common
