// SPDX-License-Identifier: ISC
// What a client's handshake goes by: whose certificates are trusted, which server is meant, and how far its
// certificate proves that it is that one. Run by a client's relay. Trusts the files of issuers; nothing that
// the server sends.
#pragma once

#include "common/tls/gnutls/gnutls_handle.hh"
#include "common/tls/tls_frames.hh"

#include <string>

namespace common {

class ServerProof {
public:
    // host: a name or an address. issuers: a file of certificates as PEM; empty: what the system trusts.
    // Reads them. Throws std::runtime_error when there is none in the file.
    ServerProof(std::string host, const std::string& issuers);

    // For one connection over this socket, which must not block.
    GnutlsSession make_session(int socket, const RelayTerms& terms) const;
    // After its handshake. Throws std::runtime_error for a certificate that cannot be read.
    ServerCertificate look_at(gnutls_session_t session) const;

private:
    std::string host_;
    GnutlsCredentials credentials_;
};

} // namespace common
