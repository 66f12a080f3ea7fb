// SPDX-License-Identifier: ISC
#include "common/tls/tls_settings.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "common/tls/tls_frames.hh"

#include <array>
#include <filesystem>

namespace common {
namespace {

constexpr std::array<std::string_view, 2> versions{"1.2", "1.3"};
constexpr std::uint8_t first_minor = 2;

CertificateFiles parse_certificate(Words words) {
    if (words.size() != 2 || words[0].empty() || words[1].empty())
        throw UserError("certificate takes two files: the certificate, with its issuers behind it, and its "
                        "private key");
    return {std::filesystem::absolute(words[0]), std::filesystem::absolute(words[1])};
}

} // namespace

std::vector<Directive> tls_directives(TlsSettings& settings) {
    using Repeats = Directive::Repeats;
    using Reload = Directive::Reload;
    return {
        {"certificate", "CERT KEY", "", "a certificate for TLS and its private key, files in PEM",
         Repeats::yes, Reload::at_upgrade,
         [&](Words w) {
             if (settings.certificates.size() >= max_certificates)
                 throw UserError(text("there are more than ", max_certificates, " certificates"));
             settings.certificates.push_back(parse_certificate(w));
         }},
        {"tls-minimum", "1.2|1.3", "1.2", "the least version of TLS that a client may speak", Repeats::no,
         Reload::yes,
         [&](Words w) {
             settings.least_minor = static_cast<std::uint8_t>(first_minor + parse_choice(w, versions));
         }},
    };
}

} // namespace common
