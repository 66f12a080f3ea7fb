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

// Seconds: a session may be resumed as long as its client stays; TLS 1.3 allows no more.
constexpr int longest_resumption = 7 * 24 * 60 * 60;

// keyd signs and does not decrypt; what the system's administrator has forbidden stays so. The client's order
// decides: with another group than its first each handshake would take it another round. But none decides for
// one of the finite fields, of which the largest takes a hundred times the work of a curve.
GnutlsPriority make_priority(std::string_view versions) {
    const std::string wanted = text("NORMAL:-VERS-ALL:", versions,
                                    ":-RSA:-DHE-RSA:-GROUP-FFDHE2048:-GROUP-FFDHE3072:-GROUP-FFDHE4096:-"
                                    "GROUP-FFDHE6144:-GROUP-FFDHE8192");
    gnutls_priority_t made{};
    checked_gnutls("choose the versions of TLS", gnutls_priority_init(&made, wanted.c_str(), nullptr));
    return GnutlsPriority{made};
}

std::string_view name_of(RelayTerms::Protocol protocol) {
    return protocol == RelayTerms::Protocol::irc ? "irc" : "ftp";
}

std::string_view view_of(const gnutls_datum_t& bytes) {
    return {reinterpret_cast<const char*>(bytes.data), bytes.size};
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
    control_secret_.clear();
    control_session_ = {};
    GnutlsBytes made;
    checked_gnutls("make a key for tickets", gnutls_session_ticket_key_generate(made.out()));
    ticket_key_ = made.view();
}

// GnuTLS frees what it is given.
gnutls_datum_t TlsServer::find(void* own, gnutls_datum_t name) {
    const auto& [known, session] = static_cast<TlsServer*>(own)->control_session_;
    if (known.empty() || known != view_of(name)) return {nullptr, 0};
    auto* const copy = static_cast<unsigned char*>(gnutls_malloc(session.size()));
    if (copy == nullptr) return {nullptr, 0};
    session.copy(reinterpret_cast<char*>(copy), session.size());
    return {copy, static_cast<unsigned>(session.size())};
}

int TlsServer::keep(void* own, gnutls_datum_t name, gnutls_datum_t session) {
    constexpr std::size_t most_bytes = 4096;
    TlsServer& server = *static_cast<TlsServer*>(own);
    if (!server.control_secret_.empty() || session.size > most_bytes) return GNUTLS_E_DB_ERROR;
    server.control_session_ = std::pair{std::string{view_of(name)}, std::string{view_of(session)}};
    return 0;
}

int TlsServer::drop(void* own, gnutls_datum_t name) {
    auto& [known, session] = static_cast<TlsServer*>(own)->control_session_;
    if (known == view_of(name)) known.clear();
    return 0;
}

// Under TLS 1.3 only the control connection sends tickets; under 1.2 each does that has a session of its own,
// with a secret of its own.
bool TlsServer::resumes_control(gnutls_session_t session) {
    gnutls_datum_t secret{};
    gnutls_session_get_master_secret(session, &secret);
    auto* const server = static_cast<TlsServer*>(gnutls_db_get_ptr(session));
    if (server == nullptr) return false; // it is not one of ours
    std::string& known = server->control_secret_;
    if (known.empty()) known = view_of(secret);
    return gnutls_session_is_resumed(session) != 0 &&
           (gnutls_protocol_get_version(session) == GNUTLS_TLS1_3 || known == view_of(secret));
}

GnutlsSession TlsServer::make_session(int socket) {
    gnutls_session_t made{};
    checked_gnutls("begin TLS", gnutls_init(&made, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
                                                       GNUTLS_NO_AUTO_SEND_TICKET));
    GnutlsSession session{made};
    checked_gnutls("begin TLS", gnutls_priority_set(made, priorities_.at(terms_.least_minor - 2U).get()));
    checked_gnutls("begin TLS",
                   gnutls_credentials_set(made, GNUTLS_CRD_CERTIFICATE, certificates_.credentials()));
    const gnutls_datum_t ticket_key = datum_of(ticket_key_);
    checked_gnutls("begin TLS", gnutls_session_ticket_enable_server(made, &ticket_key));
    gnutls_db_set_ptr(made, this);
    gnutls_db_set_store_function(made, keep);
    gnutls_db_set_retrieve_function(made, find);
    gnutls_db_set_remove_function(made, drop);
    gnutls_db_set_cache_expiration(made, longest_resumption);
    // Who names protocols, but not ours, was sent to the wrong port by somebody in between.
    const gnutls_datum_t protocol = datum_of(name_of(terms_.protocol));
    checked_gnutls("begin TLS", gnutls_alpn_set_protocols(made, &protocol, 1, GNUTLS_ALPN_MANDATORY));
    gnutls_certificate_server_set_request(made, GNUTLS_CERT_IGNORE);
    gnutls_transport_set_int(made, socket);
    return session;
}

} // namespace common
