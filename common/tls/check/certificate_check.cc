// SPDX-License-Identifier: ISC
#include "common/tls/check/certificate_check.hh"

#include "common/errors.hh"
#include "common/secret.hh"
#include "common/text.hh"
#include "common/tls/gnutls/certificates.hh"
#include "common/tls/keyd/private_key.hh"
#include "common/whole_file.hh"

#include <array>
#include <chrono>
#include <ctime>
#include <gnutls/x509.h>
#include <string>
#include <sys/stat.h>

namespace common {
namespace {

using namespace std::chrono_literals;

constexpr auto soon = std::chrono::hours{14 * 24}; // enough to notice, and to do something

using Certificate = GnutlsOwner<gnutls_x509_crt_t, gnutls_x509_crt_deinit>;

// Throws whatever it was with the file's name before it.
template <class Work>
void about(const std::string& path, const Work& work) {
    try {
        work();
    } catch (const std::system_error& error) {
        throw UserError(text(path, ": ", error.code().message()));
    } catch (const std::exception& error) {
        throw UserError(text(path, ": ", error.what()));
    }
}

std::string date(std::time_t when) {
    std::tm parts{};
    ::gmtime_r(&when, &parts);
    std::array<char, 32> shown{};
    return {shown.data(), std::strftime(shown.data(), shown.size(), "%Y-%m-%d %H:%M UTC", &parts)};
}

// Of the first in the file, which is the server's own.
void check_dates(const std::string& path, std::string_view pem, std::vector<Note>& notes) {
    gnutls_x509_crt_t made{};
    checked_gnutls("make a certificate", gnutls_x509_crt_init(&made));
    const Certificate own{made};
    const gnutls_datum_t input = datum_of(pem);
    checked_gnutls("read", gnutls_x509_crt_import(own.get(), &input, GNUTLS_X509_FMT_PEM));
    const std::time_t begin = gnutls_x509_crt_get_activation_time(own.get());
    const std::time_t end = gnutls_x509_crt_get_expiration_time(own.get());
    const std::time_t now = std::time(nullptr);
    if (now < begin) throw UserError(text("it is not valid before ", date(begin)));
    if (now >= end) throw UserError(text("it has expired: ", date(end)));
    if (end - now < std::chrono::seconds{soon}.count())
        notes.push_back({Severity::warning, text(path, ": it expires soon: ", date(end))});
}

void check_mode(const std::string& path, std::vector<Note>& notes) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0 && (found.st_mode & S_IROTH) != 0)
        notes.push_back({Severity::warning, text(path, ": everybody can read this key: chmod o= ", path)});
}

} // namespace

std::vector<Note> check_files(std::span<const CertificateFiles> all) {
    std::vector<Note> notes;
    for (const CertificateFiles& files : all) {
        std::optional<PrivateKey> key;
        about(files.key, [&] {
            std::string pem = read_whole_file(files.key, max_pem);
            key.emplace(pem);
            erase_bytes(pem);
            check_mode(files.key, notes);
        });
        about(files.certificate, [&] {
            const std::string pem = read_whole_file(files.certificate, max_pem);
            Certificates{[&](std::uint32_t, std::uint32_t algorithm, std::string_view bytes) {
                return key->sign(algorithm, bytes);
            }}.add(pem);
            check_dates(files.certificate, pem, notes);
        });
    }
    return notes;
}

} // namespace common
