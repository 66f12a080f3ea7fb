// SPDX-License-Identifier: ISC
// What a server's handshakes go by: certificates, what is spoken, and the key of its tickets. Made by tlsd
// once, so that what it forks need not, and completed by each relay.
#pragma once

#include "common/tls/gnutls/certificates.hh"
#include "common/tls/gnutls/gnutls_handle.hh"
#include "common/tls/tls_frames.hh"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace common {

class TlsServer {
public:
    // certificates must outlive this.
    explicit TlsServer(const Certificates& certificates);

    // Makes one handshake with itself, so that what the library does at the first one is done for all that is
    // forked from this process. Throws std::runtime_error when that fails.
    void warm_up();

    // In the relay: from now on handshakes go by these terms. The tickets' key is this process's own, so that
    // only a client of this relay has any.
    void begin(const RelayTerms& terms);

    // For one connection over this socket, which must not block; after begin. This must outlive it.
    GnutlsSession make_session(int socket);
    // Of one that has shaken hands: whether it has resumed the session of the first that has, which is that
    // of the control connection. What others have made of their own, whoever that was, does not count.
    static bool resumes_control(gnutls_session_t session);

private:
    static int keep(void* own, gnutls_datum_t name, gnutls_datum_t session);
    static gnutls_datum_t find(void* own, gnutls_datum_t name);
    static int drop(void* own, gnutls_datum_t name);

    const Certificates& certificates_;
    std::array<GnutlsPriority, 2> priorities_; // from TLS 1.2, and from 1.3
    RelayTerms terms_;
    std::string ticket_key_;
    std::string control_secret_; // the control connection's
    // That one's under TLS 1.2, for clients that take no tickets (curl): its name and what it is.
    std::pair<std::string, std::string> control_session_;
};

} // namespace common
