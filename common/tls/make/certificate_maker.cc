// SPDX-License-Identifier: ISC
#include "common/tls/make/certificate_maker.hh"

#include "common/config.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/text.hh"
#include "common/tls/gnutls/gnutls_handle.hh"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <unistd.h>

namespace common {
namespace {

constexpr std::time_t day = 24 * 60 * 60;
constexpr std::time_t lifetime = 365 * day;
constexpr std::size_t max_host = 253; // bytes of a name (RFC 1035, section 2.3.4)

using Certificate = GnutlsOwner<gnutls_x509_crt_t, gnutls_x509_crt_deinit>;
using Key = GnutlsOwner<gnutls_x509_privkey_t, gnutls_x509_privkey_deinit>;

Key make_key() {
    gnutls_x509_privkey_t made{};
    checked_gnutls("make a key", gnutls_x509_privkey_init(&made));
    Key key{made};
    checked_gnutls("make a key",
                   gnutls_x509_privkey_generate(made, GNUTLS_PK_ECDSA,
                                                GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    return key;
}

std::vector<std::string> own_names() {
    std::array<char, max_host + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return {"localhost"};
    if (std::string_view{name.data()} == "localhost") return {"localhost"};
    return {name.data(), "localhost"};
}

void check_host(const std::string& host) {
    const bool is_named =
        !host.empty() && host.size() <= max_host && host.find_first_of(" \t/@") == host.npos;
    if (!is_named) throw UserError(text("'", escape(host, 64), "' is not the name of a host"));
}

void add_host(gnutls_x509_crt_t certificate, const std::string& host) {
    std::array<unsigned char, 16> address{};
    std::size_t size = 0;
    if (::inet_pton(AF_INET, host.c_str(), address.data()) == 1) size = 4;
    if (size == 0 && ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1) size = 16;
    const bool is_name = size == 0;
    const void* const bytes = is_name ? static_cast<const void*>(host.data()) : address.data();
    checked_gnutls("name the host",
                   gnutls_x509_crt_set_subject_alt_name(
                       certificate, is_name ? GNUTLS_SAN_DNSNAME : GNUTLS_SAN_IPADDRESS, bytes,
                       static_cast<unsigned>(is_name ? host.size() : size), GNUTLS_FSAN_APPEND));
}

Certificate make_signed(gnutls_x509_privkey_t key, std::span<const std::string> hosts, std::time_t end) {
    gnutls_x509_crt_t made{};
    checked_gnutls("make a certificate", gnutls_x509_crt_init(&made));
    Certificate certificate{made};
    std::array<unsigned char, 16> serial{};
    checked_gnutls("make a number", gnutls_rnd(GNUTLS_RND_NONCE, serial.data(), serial.size()));
    serial[0] = static_cast<unsigned char>((serial[0] & 0x7fU) | 0x40U); // positive, and as long as it is
    constexpr int version = 3;
    const std::string& name = hosts.front();
    checked_gnutls("fill it in", gnutls_x509_crt_set_version(made, version));
    checked_gnutls("fill it in", gnutls_x509_crt_set_serial(made, serial.data(), serial.size()));
    checked_gnutls("fill it in", gnutls_x509_crt_set_activation_time(made, end - lifetime - day));
    checked_gnutls("fill it in", gnutls_x509_crt_set_expiration_time(made, end));
    checked_gnutls("fill it in",
                   gnutls_x509_crt_set_dn_by_oid(made, GNUTLS_OID_X520_COMMON_NAME, 0, name.data(),
                                                 static_cast<unsigned>(name.size())));
    for (const std::string& host : hosts) add_host(made, host);
    checked_gnutls("fill it in", gnutls_x509_crt_set_basic_constraints(made, 0, -1));
    checked_gnutls("fill it in", gnutls_x509_crt_set_key_usage(made, GNUTLS_KEY_DIGITAL_SIGNATURE));
    checked_gnutls("fill it in", gnutls_x509_crt_set_key_purpose_oid(made, GNUTLS_KP_TLS_WWW_SERVER, 0));
    checked_gnutls("fill it in", gnutls_x509_crt_set_key(made, key));
    checked_gnutls("sign it", gnutls_x509_crt_sign2(made, made, key, GNUTLS_DIG_SHA256, 0));
    return certificate;
}

// As openssl(1) and browsers show it.
std::string fingerprint_of(gnutls_x509_crt_t certificate) {
    std::array<unsigned char, 32> digest{};
    std::size_t size = digest.size();
    checked_gnutls("look at it",
                   gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest.data(), &size));
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string shown;
    for (const unsigned char byte : digest) {
        if (!shown.empty()) shown += ':';
        shown += digits[byte >> 4U];
        shown += digits[byte & 0xfU];
    }
    return shown;
}

// A new file, which is removed again unless it is kept.
class NewFile {
public:
    NewFile(std::string path, mode_t mode) : path_(std::move(path)) {
        fd_ = Fd{::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
        if (fd_) return;
        if (errno == EEXIST)
            throw UserError(text(path_, " is there already: remove it, or name another file"));
        fail("make", path_);
    }
    ~NewFile() {
        if (fd_) ::unlink(path_.c_str());
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void write(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto wrote =
                checked("write", path_, [&] { return ::write(fd_.get(), bytes.data(), bytes.size()); });
            bytes.remove_prefix(static_cast<std::size_t>(wrote));
        }
    }
    void keep() { fd_.reset(); }

private:
    std::string path_;
    Fd fd_;
};

} // namespace

std::vector<std::string> make_certificate(const CertificateFiles& files, std::span<const std::string> given) {
    const std::vector<std::string> hosts =
        given.empty() ? own_names() : std::vector(given.begin(), given.end());
    for (const std::string& host : hosts) check_host(host);
    const std::time_t end = std::time(nullptr) + lifetime;
    const Key key = make_key();
    const Certificate certificate = make_signed(key.get(), hosts, end);
    GnutlsBytes key_bytes, certificate_bytes;
    checked_gnutls("write", gnutls_x509_privkey_export2_pkcs8(key.get(), GNUTLS_X509_FMT_PEM, nullptr,
                                                              GNUTLS_PKCS_PLAIN, key_bytes.out()));
    checked_gnutls("write",
                   gnutls_x509_crt_export2(certificate.get(), GNUTLS_X509_FMT_PEM, certificate_bytes.out()));
    NewFile key_file{files.key, 0600}, certificate_file{files.certificate, 0644};
    key_file.write(key_bytes.view());
    certificate_file.write(certificate_bytes.view());
    key_file.keep();
    certificate_file.keep();
    std::string names;
    for (const std::string& host : hosts) names += ' ' + host;
    const auto absolute = [](const std::string& path) { return std::filesystem::absolute(path).string(); };
    std::tm parts{};
    ::gmtime_r(&end, &parts);
    std::array<char, 32> date{};
    const std::size_t length = std::strftime(date.data(), date.size(), "%Y-%m-%d", &parts);
    return {
        text("certificate ", quote_word(absolute(files.certificate)), ' ', quote_word(absolute(files.key))),
        text("# SHA-256 ", fingerprint_of(certificate.get())),
        text("# for", names, ", valid until ", std::string_view{date.data(), length})};
}

} // namespace common
