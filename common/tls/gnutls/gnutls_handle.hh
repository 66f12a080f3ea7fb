// SPDX-License-Identifier: ISC
// Owners of what GnuTLS makes, and its errors as exceptions. Used by keyd, tlsd and relays, which alone link
// that library.
#pragma once

#include <cstddef>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace common {

template <class Handle, void (*free)(Handle)>
struct GnutlsDeleter {
    void operator()(Handle handle) const { free(handle); }
};
template <class Handle, void (*free)(Handle)>
using GnutlsOwner = std::unique_ptr<std::remove_pointer_t<Handle>, GnutlsDeleter<Handle, free>>;

using GnutlsPrivateKey = GnutlsOwner<gnutls_privkey_t, gnutls_privkey_deinit>;
using GnutlsPublicKey = GnutlsOwner<gnutls_pubkey_t, gnutls_pubkey_deinit>;
using GnutlsCredentials = GnutlsOwner<gnutls_certificate_credentials_t, gnutls_certificate_free_credentials>;
using GnutlsPriority = GnutlsOwner<gnutls_priority_t, gnutls_priority_deinit>;
using GnutlsSession = GnutlsOwner<gnutls_session_t, gnutls_deinit>;

// What one of its errors says of what the other side sent, in plain words where people meet it.
std::string words_of_error(int error);
// The same of an alert, as the other side's.
std::string words_of_alert(gnutls_alert_description_t alert);
// "VERB: WORDS" as a std::runtime_error, if result is one of its errors; else the result.
int checked_gnutls(std::string_view verb, int result);

// Bytes that are borrowed for a call.
gnutls_datum_t datum_of(std::string_view bytes);

// Bytes that GnuTLS has allocated for a call's result; erased when they go.
class GnutlsBytes {
public:
    GnutlsBytes() = default;
    ~GnutlsBytes();
    GnutlsBytes(const GnutlsBytes&) = delete;
    GnutlsBytes& operator=(const GnutlsBytes&) = delete;

    gnutls_datum_t* out() { return &datum_; } // to be filled once
    const gnutls_datum_t* get() const { return &datum_; }
    std::string_view view() const { return {reinterpret_cast<const char*>(datum_.data), datum_.size}; }

private:
    gnutls_datum_t datum_{};
};

} // namespace common
