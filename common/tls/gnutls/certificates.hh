// SPDX-License-Identifier: ISC
// The certificates that a server shows, without their keys: what is to be signed with one of these, somebody
// else is asked for. Run by tlsd, and by the relays that it forks.
#pragma once

#include "common/tls/gnutls/gnutls_handle.hh"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// A signature that is not that of a certificate's key.
struct WrongKey : std::runtime_error {
    using runtime_error::runtime_error;
};

class Certificates {
public:
    // The signature of bytes with this key, of which algorithm is GnuTLS's number: may throw anything, which
    // ends the handshake.
    using Sign =
        std::function<std::string(std::uint32_t key, std::uint32_t algorithm, std::string_view bytes)>;

    explicit Certificates(Sign sign);
    Certificates(const Certificates&) = delete;
    Certificates& operator=(const Certificates&) = delete;

    // The next one, with those of its issuers behind it, as PEM; its key is the next one, too. A client that
    // names a host is shown the first that is for that, else the first of all. Throws std::runtime_error for
    // one that cannot be used, WrongKey when its key has made a signature that is not its own.
    void add(std::string_view pem);
    void set_signer(Sign sign) { sign_ = std::move(sign); }
    // Throws WrongKey unless this one has the keys of all, std::runtime_error when that was not to be found
    // out.
    void check(const Sign& sign) const;

    gnutls_certificate_credentials_t credentials() const { return credentials_.get(); }

private:
    // What GnuTLS gets as a private key.
    struct Key {
        const Certificates* owner;
        std::uint32_t number;
        gnutls_pk_algorithm_t kind;
        unsigned bits;
    };
    static int sign_bytes(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void* own, unsigned flags,
                          const gnutls_datum_t* bytes, gnutls_datum_t* signature);
    static int tell_about(gnutls_privkey_t key, unsigned flags, void* own);

    Sign sign_;
    GnutlsCredentials credentials_;
    std::vector<std::unique_ptr<Key>> keys_;
    std::vector<std::string> all_; // PEM
};

} // namespace common
