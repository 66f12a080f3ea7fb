// SPDX-License-Identifier: ISC
#include "common/tls/keyd/private_key.hh"

#include "common/errors.hh"

#include <algorithm>
#include <array>
#include <ctime>
#include <gnutls/crypto.h>

namespace common {
namespace {

bool is_rsa(gnutls_pk_algorithm_t kind) { return kind == GNUTLS_PK_RSA || kind == GNUTLS_PK_RSA_PSS; }

bool is_message_signed_whole(gnutls_pk_algorithm_t kind) {
    return kind == GNUTLS_PK_EDDSA_ED25519 || kind == GNUTLS_PK_EDDSA_ED448;
}

bool is_sha2(gnutls_digest_algorithm_t hash) {
    return hash == GNUTLS_DIG_SHA256 || hash == GNUTLS_DIG_SHA384 || hash == GNUTLS_DIG_SHA512;
}

std::string sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, std::string_view hash) {
    const gnutls_datum_t input = datum_of(hash);
    GnutlsBytes signature;
    checked_gnutls("sign", gnutls_privkey_sign_hash2(key, algorithm, 0, &input, signature.out()));
    return std::string{signature.view()};
}

// What RSA signed before PSS names its hash, which is looked at: nothing else may be signed so.
std::string sign_digest_info(gnutls_privkey_t key, std::string_view info) {
    const gnutls_datum_t input = datum_of(info);
    std::array<unsigned char, 64> digest{};
    auto size = static_cast<unsigned>(digest.size());
    gnutls_digest_algorithm_t hash{};
    if (gnutls_decode_ber_digest_info(&input, &hash, digest.data(), &size) < 0 || !is_sha2(hash) ||
        size != gnutls_hash_get_len(hash))
        throw PeerError("it is not the hash of a handshake");
    return sign_hash(key, gnutls_pk_to_sign(GNUTLS_PK_RSA, hash),
                     {reinterpret_cast<const char*>(digest.data()), size});
}

gnutls_privkey_t make_key() {
    gnutls_privkey_t key{};
    checked_gnutls("make a key", gnutls_privkey_init(&key));
    return key;
}

// One that the key can sign with.
gnutls_sign_algorithm_t usual_algorithm(gnutls_pk_algorithm_t kind) {
    if (kind == GNUTLS_PK_EDDSA_ED25519) return GNUTLS_SIGN_EDDSA_ED25519;
    if (kind == GNUTLS_PK_EDDSA_ED448) return GNUTLS_SIGN_EDDSA_ED448;
    return gnutls_pk_to_sign(kind, GNUTLS_DIG_SHA256);
}

} // namespace

PrivateKey::PrivateKey(std::string_view pem) : key_(make_key()) {
    const gnutls_datum_t input = datum_of(pem);
    checked_gnutls("read",
                   gnutls_privkey_import_x509_raw(key_.get(), &input, GNUTLS_X509_FMT_PEM, nullptr, 0));
    kind_ = static_cast<gnutls_pk_algorithm_t>(gnutls_privkey_get_pk_algorithm(key_.get(), nullptr));
    if (!is_rsa(kind_) && kind_ != GNUTLS_PK_ECDSA && !is_message_signed_whole(kind_))
        throw std::runtime_error("it is no key of RSA, ECDSA or EdDSA");
}

std::string PrivateKey::sign(std::uint32_t number, std::string_view bytes) const {
    const auto algorithm = static_cast<gnutls_sign_algorithm_t>(number);
    if (algorithm == GNUTLS_SIGN_RSA_RAW && kind_ == GNUTLS_PK_RSA)
        return sign_digest_info(key_.get(), bytes);
    if (gnutls_sign_supports_pk_algorithm(algorithm, kind_) == 0)
        throw PeerError("it is no algorithm of this key");
    if (is_message_signed_whole(kind_)) {
        const gnutls_datum_t input = datum_of(bytes);
        GnutlsBytes signature;
        checked_gnutls("sign", gnutls_privkey_sign_data2(key_.get(), algorithm, 0, &input, signature.out()));
        return std::string{signature.view()};
    }
    const gnutls_digest_algorithm_t hash = gnutls_sign_get_hash_algorithm(algorithm);
    if (!is_sha2(hash) || bytes.size() != gnutls_hash_get_len(hash))
        throw PeerError("it is not the hash of a handshake");
    return sign_hash(key_.get(), algorithm, bytes);
}

// The least of a few: the first also fills caches.
std::chrono::microseconds PrivateKey::measure_cost() const {
    constexpr int tries = 3;
    constexpr std::size_t hash_size = 32; // of SHA-256
    const std::string hash(hash_size, 'x');
    auto least = std::chrono::microseconds::max();
    for (int i = 0; i < tries; ++i) {
        const std::clock_t before = std::clock();
        sign(usual_algorithm(kind_), hash);
        const std::chrono::duration<double> used{static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC};
        least = std::min(least, std::chrono::duration_cast<std::chrono::microseconds>(used));
    }
    return least;
}

} // namespace common
