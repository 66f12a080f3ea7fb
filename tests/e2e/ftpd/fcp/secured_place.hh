// SPDX-License-Identifier: ISC
// What the tests of fcp and fls under TLS share.
#pragma once

#include "tests/e2e/ftpd/fcp/fcp_place.hh"
#include "tests/e2e/tls_house.hh"

#include <string>
#include <sys/types.h>
#include <vector>

namespace e2e {

// A daemon with a certificate that proves nothing to this system, and clients with a home of their own.
struct SecuredPlace {
    explicit SecuredPlace(Words lines = {"tls required", "tls-reuse required"})
        : place{"write", with_certificate(std::move(lines))} {}
    Words with_certificate(Words lines) const;
    Words trusting(Words operands) const;
    Result fcp(const Words& operands) const { return place.fcp(trusting(operands)); }
    Path known() const { return place.local / ".local/state/suite-tls/known-servers"; }
    // As openssl shows it: "SHA-256 AB:...".
    std::string fingerprint() const;
    // Of clients who trust its certificate.
    std::vector<pid_t> client_relays() const { return relays_of_clients(own.certificate); }

    TempDir folder;
    TestCertificate own = make_certificate(folder, "own");
    Place place;
};

} // namespace e2e
