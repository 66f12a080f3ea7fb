// SPDX-License-Identifier: ISC
// What a configuration says of TLS that every daemon of the suite has: certificates, and the least version.
#pragma once

#include "common/config.hh"
#include "common/tls/tls_process.hh"

#include <cstdint>
#include <vector>

namespace common {

struct TlsSettings {
    std::vector<CertificateFiles> certificates;
    std::uint8_t least_minor = 2; // of TLS 1.x
};

// The rows of these directives; they fill settings, which must outlive the table.
std::vector<Directive> tls_directives(TlsSettings& settings);

} // namespace common
