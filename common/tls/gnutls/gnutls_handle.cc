// SPDX-License-Identifier: ISC
#include "common/tls/gnutls/gnutls_handle.hh"

#include "common/text.hh"

#include <stdexcept>

namespace common {

int checked_gnutls(std::string_view verb, int result) {
    if (result >= 0) return result;
    throw std::runtime_error(text(verb, ": ", std::string_view{gnutls_strerror(result)}));
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
