// SPDX-License-Identifier: ISC
#include "common/tls/gnutls/gnutls_handle.hh"

#include "common/text.hh"

#include <array>
#include <stdexcept>
#include <utility>

namespace common {
namespace {

constexpr std::string_view no_version = "no version of TLS that both sides speak";
constexpr std::string_view no_tls = "what came is no TLS";

// What people meet.
constexpr std::array errors{
    std::pair{GNUTLS_E_PREMATURE_TERMINATION, std::string_view{"the connection was closed"}},
    std::pair{GNUTLS_E_UNEXPECTED_PACKET, no_tls},
    std::pair{GNUTLS_E_UNEXPECTED_PACKET_LENGTH, no_tls},
    std::pair{GNUTLS_E_UNSUPPORTED_VERSION_PACKET, no_version},
    std::pair{GNUTLS_E_NO_CIPHER_SUITES, std::string_view{"no cipher that both sides know"}},
    std::pair{GNUTLS_E_NO_APPLICATION_PROTOCOL, std::string_view{"no protocol that both sides want (ALPN)"}},
    std::pair{GNUTLS_E_DECRYPTION_FAILED, std::string_view{"what came was changed on its way"}},
    std::pair{GNUTLS_E_LARGE_PACKET, std::string_view{"too much came at once"}},
    std::pair{GNUTLS_E_TOO_MANY_EMPTY_PACKETS, std::string_view{"too many empty records came"}},
};
constexpr std::array alerts{
    std::pair{GNUTLS_A_HANDSHAKE_FAILURE,
              std::string_view{"nothing that both sides know (handshake failure)"}},
    std::pair{GNUTLS_A_PROTOCOL_VERSION, no_version},
    std::pair{GNUTLS_A_BAD_RECORD_MAC, std::string_view{"what it got was changed on its way"}},
    std::pair{GNUTLS_A_UNKNOWN_CA, std::string_view{"the certificate is signed by nobody whom it trusts"}},
    std::pair{GNUTLS_A_BAD_CERTIFICATE, std::string_view{"the certificate is refused"}},
    std::pair{GNUTLS_A_CERTIFICATE_UNKNOWN, std::string_view{"the certificate is refused"}},
    std::pair{GNUTLS_A_CERTIFICATE_EXPIRED, std::string_view{"the certificate has expired"}},
    std::pair{GNUTLS_A_INTERNAL_ERROR, std::string_view{"it has a fault of its own (internal error)"}},
    std::pair{GNUTLS_A_USER_CANCELED, std::string_view{"its user has ended it"}},
    std::pair{GNUTLS_A_NO_APPLICATION_PROTOCOL, std::string_view{"no protocol that both sides want (ALPN)"}},
};

std::string find_words(const auto& table, auto number, const char* otherwise) {
    for (const auto& [one, words] : table)
        if (one == number) return std::string{words};
    return otherwise == nullptr ? text("?", static_cast<int>(number)) : otherwise;
}

} // namespace

std::string words_of_error(int error) { return find_words(errors, error, gnutls_strerror(error)); }

std::string words_of_alert(gnutls_alert_description_t alert) {
    return find_words(alerts, alert, gnutls_alert_get_name(alert));
}

int checked_gnutls(std::string_view verb, int result) {
    if (result >= 0) return result;
    throw std::runtime_error(text(verb, ": ", words_of_error(result)));
}

gnutls_datum_t datum_of(std::string_view bytes) {
    return {reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data())),
            static_cast<unsigned>(bytes.size())};
}

GnutlsBytes::~GnutlsBytes() {
    if (datum_.data == nullptr) return;
    gnutls_memset(datum_.data, 0, datum_.size);
    gnutls_free(datum_.data);
}

} // namespace common
