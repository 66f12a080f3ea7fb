// SPDX-License-Identifier: ISC
#include "tests/e2e/ftpd/fcp/secured_place.hh"

#include "common/text.hh"
#include "common/tls/tls_process.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/proc.hh"

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

std::vector<pid_t> SecuredPlace::client_relays() const {
    const std::string role = std::string{common::tls_program} + '\0' + "client";
    std::vector<pid_t> all;
    for (const ProcessStatus& process : all_processes()) {
        if (process.state == 'Z') continue;
        const std::string words = command_line_of(process.pid);
        if (words.find(role) != words.npos && words.find(own.certificate.native()) != words.npos)
            all.push_back(process.pid);
    }
    return all;
}

} // namespace e2e
