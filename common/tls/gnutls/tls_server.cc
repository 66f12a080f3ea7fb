// SPDX-License-Identifier: ISC
#include "common/tls/gnutls/tls_server.hh"

#include "common/errors.hh"
#include "common/fd.hh"
#include "common/new_socket.hh"
#include "common/text.hh"

#include <stdexcept>
#include <string_view>
#include <sys/socket.h>

namespace common {
namespace {

// keyd signs and does not decrypt; what the system's administrator has forbidden stays so.
GnutlsPriority make_priority(std::string_view versions) {
    const std::string wanted = text("NORMAL:-VERS-ALL:", versions, ":-RSA:%SERVER_PRECEDENCE");
    gnutls_priority_t made{};
    checked_gnutls("choose the versions of TLS", gnutls_priority_init(&made, wanted.c_str(), nullptr));
    return GnutlsPriority{made};
}

std::string_view name_of(RelayTerms::Protocol protocol) {
    return protocol == RelayTerms::Protocol::irc ? "irc" : "ftp";
}

// A client who believes whatever it is shown.
struct TestClient {
    explicit TestClient(int socket) {
        gnutls_certificate_credentials_t trust{};
        checked_gnutls("make credentials", gnutls_certificate_allocate_credentials(&trust));
        credentials.reset(trust);
        gnutls_session_t made{};
        checked_gnutls("begin TLS", gnutls_init(&made, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL));
        session.reset(made);
        checked_gnutls("begin TLS", gnutls_set_default_priority(made));
        checked_gnutls("begin TLS", gnutls_credentials_set(made, GNUTLS_CRD_CERTIFICATE, trust));
        gnutls_transport_set_int(made, socket);
    }
    GnutlsCredentials credentials;
    GnutlsSession session;
};

} // namespace

TlsServer::TlsServer(const Certificates& certificates)
    : certificates_(certificates),
      priorities_{make_priority("+VERS-TLS1.3:+VERS-TLS1.2"), make_priority("+VERS-TLS1.3")} {}

void TlsServer::warm_up() {
    int ends[2]{};
    checked("create a socket pair", {}, [&] { return new_socket_pair(SOCK_STREAM, ends); });
    const Fd own{ends[0]}, other{ends[1]};
    begin({});
    const GnutlsSession server = make_session(own.get());
    const TestClient client{other.get()};
    constexpr int most = 16; // turns; a handshake takes three
    int results[2] = {GNUTLS_E_AGAIN, GNUTLS_E_AGAIN};
    for (int turn = 0; turn < most && (results[0] != 0 || results[1] != 0); ++turn) {
        if (results[0] != 0) results[0] = gnutls_handshake(client.session.get());
        if (results[1] != 0) results[1] = gnutls_handshake(server.get());
    }
    if (results[0] != 0 || results[1] != 0) throw std::runtime_error("no handshake succeeds");
}

void TlsServer::begin(const RelayTerms& terms) {
    terms_ = terms;
    GnutlsBytes made;
    checked_gnutls("make a key for tickets", gnutls_session_ticket_key_generate(made.out()));
    ticket_key_ = made.view();
}

GnutlsSession TlsServer::make_session(int socket) const {
    gnutls_session_t made{};
    checked_gnutls("begin TLS", gnutls_init(&made, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
                                                       GNUTLS_NO_AUTO_SEND_TICKET));
    GnutlsSession session{made};
    checked_gnutls("begin TLS", gnutls_priority_set(made, priorities_.at(terms_.least_minor - 2U).get()));
    checked_gnutls("begin TLS",
                   gnutls_credentials_set(made, GNUTLS_CRD_CERTIFICATE, certificates_.credentials()));
    const gnutls_datum_t ticket_key = datum_of(ticket_key_);
    checked_gnutls("begin TLS", gnutls_session_ticket_enable_server(made, &ticket_key));
    // Who names protocols, but not ours, was sent to the wrong port by somebody in between.
    const gnutls_datum_t protocol = datum_of(name_of(terms_.protocol));
    checked_gnutls("begin TLS", gnutls_alpn_set_protocols(made, &protocol, 1, GNUTLS_ALPN_MANDATORY));
    gnutls_certificate_server_set_request(made, GNUTLS_CERT_IGNORE);
    gnutls_transport_set_int(made, socket);
    return session;
}

} // namespace common
