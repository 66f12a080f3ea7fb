// SPDX-License-Identifier: ISC
// A private key, as keyd has it: what it signs, and what it does not. Run by keyd alone.
#pragma once

#include "common/tls/gnutls/gnutls_handle.hh"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace common {

class PrivateKey {
public:
    // pem: the content of its file. Throws std::runtime_error for one that cannot be used.
    explicit PrivateKey(std::string_view pem);

    // The signature of a handshake. algorithm: GnuTLS's number of one that TLS 1.2 and 1.3 sign with; bytes:
    // what it signs, a hash of SHA-2, or a whole message for those that make none of it. Throws PeerError for
    // anything else, std::runtime_error for what the library refuses.
    std::string sign(std::uint32_t algorithm, std::string_view bytes) const;

    // Processor time of a signature, here and now.
    std::chrono::microseconds measure_cost() const;

private:
    GnutlsPrivateKey key_;
    gnutls_pk_algorithm_t kind_{};
};

} // namespace common
