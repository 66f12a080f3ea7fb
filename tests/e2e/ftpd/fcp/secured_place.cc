// SPDX-License-Identifier: ISC
#include "tests/e2e/ftpd/fcp/secured_place.hh"

#include "common/text.hh"
#include "tests/e2e/clients.hh"

using common::text;

namespace e2e {

Words SecuredPlace::with_certificate(Words lines) const {
    lines.push_back(text("certificate ", own.certificate.native(), ' ', own.key.native()));
    return lines;
}

Words SecuredPlace::trusting(Words operands) const {
    operands.insert(operands.begin(), {"--tls", "--ca-file", own.certificate});
    return operands;
}

std::string SecuredPlace::fingerprint() const {
    const Result shown =
        run_client({"openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", own.certificate.string()});
    std::string words = shown.out.substr(shown.out.find('=') + 1);
    words.pop_back();
    return "SHA-256 " + words;
}

} // namespace e2e
