// SPDX-License-Identifier: ISC
#include "common/tls/gnutls/server_proof.hh"

#include "common/text.hh"

#include <arpa/inet.h>
#include <array>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdexcept>
#include <utility>

namespace common {
namespace {

constexpr std::array doubts{
    std::pair{GNUTLS_CERT_SIGNER_NOT_FOUND, "it is signed by nobody whom this system trusts"},
    std::pair{GNUTLS_CERT_SIGNER_NOT_CA, "who has signed it must not sign certificates"},
    std::pair{GNUTLS_CERT_UNEXPECTED_OWNER, "it is for another name"},
    std::pair{GNUTLS_CERT_EXPIRED, "it has expired"},
    std::pair{GNUTLS_CERT_NOT_ACTIVATED, "it is not valid yet"},
    std::pair{GNUTLS_CERT_REVOKED, "it was revoked"},
    std::pair{GNUTLS_CERT_INSECURE_ALGORITHM, "its signature is of a kind that can be forged"},
    std::pair{GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong"},
};

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string doubt_of(unsigned status) {
    std::string all;
    for (const auto& [flag, words] : doubts)
        if ((status & flag) != 0) all.append(all.empty() ? "" : ", and ").append(words);
    if (!all.empty() || status == 0) return all;
    GnutlsBytes words;
    checked_gnutls("look at it",
                   gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, words.out(), 0));
    return std::string{words.view().substr(0, words.view().find('\0'))};
}

} // namespace

ServerProof::ServerProof(std::string host, const std::string& issuers) : host_(std::move(host)) {
    host_.erase(std::min(host_.find('%'), host_.size())); // the zone of an address is of this machine alone
    gnutls_certificate_credentials_t made{};
    checked_gnutls("make credentials", gnutls_certificate_allocate_credentials(&made));
    credentials_.reset(made);
    if (issuers.empty()) { // where there are none, every certificate is in doubt
        gnutls_certificate_set_x509_system_trust(made);
        return;
    }
    const int count = checked_gnutls(
        issuers, gnutls_certificate_set_x509_trust_file(made, issuers.c_str(), GNUTLS_X509_FMT_PEM));
    if (count == 0) throw std::runtime_error(text(issuers, ": there is no certificate in it"));
}

GnutlsSession ServerProof::make_session(int socket, const RelayTerms& terms) const {
    gnutls_session_t made{};
    checked_gnutls("begin TLS", gnutls_init(&made, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL));
    GnutlsSession session{made};
    static constexpr const char* versions = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    checked_gnutls("begin TLS",
                   gnutls_priority_set_direct(
                       made, terms.least_minor == 3 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" : versions, nullptr));
    checked_gnutls("begin TLS", gnutls_credentials_set(made, GNUTLS_CRD_CERTIFICATE, credentials_.get()));
    // A server of another protocol, to which somebody in between leads us, refuses then.
    const gnutls_datum_t protocol = datum_of(terms.protocol == RelayTerms::Protocol::irc ? "irc" : "ftp");
    checked_gnutls("begin TLS", gnutls_alpn_set_protocols(made, &protocol, 1, 0));
    if (!is_address(host_))
        checked_gnutls("name the server",
                       gnutls_server_name_set(made, GNUTLS_NAME_DNS, host_.data(), host_.size()));
    gnutls_session_set_ptr(made, const_cast<char*>(host_.c_str()));
    gnutls_transport_set_int(made, socket);
    return session;
}

ServerCertificate ServerProof::look_at(gnutls_session_t session) const {
    unsigned count = 0;
    const gnutls_datum_t* const shown = gnutls_certificate_get_peers(session, &count);
    if (shown == nullptr || count == 0) throw std::runtime_error("the server shows no certificate");
    gnutls_x509_crt_t made{};
    checked_gnutls("look at its certificate", gnutls_x509_crt_init(&made));
    const GnutlsOwner<gnutls_x509_crt_t, gnutls_x509_crt_deinit> certificate{made};
    checked_gnutls("look at its certificate", gnutls_x509_crt_import(made, shown, GNUTLS_X509_FMT_DER));
    std::array<unsigned char, ServerCertificate::digest> key{}, all{};
    std::size_t size = key.size();
    checked_gnutls("look at its key",
                   gnutls_x509_crt_get_key_id(made, GNUTLS_KEYID_USE_SHA256, key.data(), &size));
    size = all.size();
    checked_gnutls("look at its certificate",
                   gnutls_x509_crt_get_fingerprint(made, GNUTLS_DIG_SHA256, all.data(), &size));
    unsigned status = 0;
    checked_gnutls("look at its certificate",
                   gnutls_certificate_verify_peers3(session, host_.c_str(), &status));
    return {{all.begin(), all.end()}, {key.begin(), key.end()}, doubt_of(status)};
}

} // namespace common
