// SPDX-License-Identifier: ISC
#include "common/tls/gnutls/certificates.hh"

#include "common/tls/tls_frames.hh"

#include <array>
#include <cstdio>
#include <cstring>
#include <exception>

namespace common {
namespace {

constexpr std::size_t max_chain = 16;

gnutls_certificate_credentials_t make_credentials() {
    gnutls_certificate_credentials_t made{};
    checked_gnutls("make credentials", gnutls_certificate_allocate_credentials(&made));
    return made;
}

// A certificate and its issuers. GnuTLS takes them over with the key.
class Chain {
public:
    explicit Chain(std::string_view pem) {
        const gnutls_datum_t input = datum_of(pem);
        auto size = static_cast<unsigned>(all_.size());
        checked_gnutls("read",
                       gnutls_pcert_list_import_x509_raw(all_.data(), &size, &input, GNUTLS_X509_FMT_PEM,
                                                         GNUTLS_X509_CRT_LIST_SORT));
        size_ = size;
        if (size_ == 0) throw std::runtime_error("there is none in it");
    }
    ~Chain() {
        for (std::size_t i = 0; i < size_; ++i) gnutls_pcert_deinit(&all_[i]);
    }
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;

    gnutls_pubkey_t public_key() const { return all_[0].pubkey; }
    gnutls_pcert_st* data() { return all_.data(); }
    int size() const { return static_cast<int>(size_); }
    void let_go() { size_ = 0; }

private:
    std::array<gnutls_pcert_st, max_chain> all_{};
    std::size_t size_ = 0;
};

void check_pair(gnutls_privkey_t key, gnutls_pubkey_t own, gnutls_pk_algorithm_t kind) {
    gnutls_digest_algorithm_t hash{};
    checked_gnutls("look at it", gnutls_pubkey_get_preferred_hash_algorithm(own, &hash, nullptr));
    const gnutls_sign_algorithm_t algorithm = gnutls_pk_to_sign(kind, hash);
    const gnutls_datum_t text = datum_of("does this key belong to that certificate?");
    GnutlsBytes signature;
    checked_gnutls("its key", gnutls_privkey_sign_data2(key, algorithm, 0, &text, signature.out()));
    if (gnutls_pubkey_verify_data2(own, algorithm, 0, &text, signature.get()) < 0)
        throw WrongKey("the key is another certificate's");
}

} // namespace

Certificates::Certificates(Sign sign) : sign_(std::move(sign)), credentials_(make_credentials()) {}

void Certificates::add(std::string_view pem) {
    Chain chain{pem};
    unsigned bits = 0;
    const int kind = gnutls_pubkey_get_pk_algorithm(chain.public_key(), &bits);
    keys_.push_back(std::make_unique<Key>(
        Key{this, static_cast<std::uint32_t>(keys_.size()), static_cast<gnutls_pk_algorithm_t>(kind), bits}));
    gnutls_privkey_t made{};
    checked_gnutls("make a key", gnutls_privkey_init(&made));
    GnutlsPrivateKey key{made};
    checked_gnutls("make a key", gnutls_privkey_import_ext4(key.get(), keys_.back().get(), sign_bytes,
                                                            sign_bytes, nullptr, nullptr, tell_about, 0));
    check_pair(key.get(), chain.public_key(), keys_.back()->kind);
    checked_gnutls(
        "use", gnutls_certificate_set_key(credentials(), nullptr, 0, chain.data(), chain.size(), key.get()));
    chain.let_go();
    (void)key.release(); // the credentials own it now
    all_.emplace_back(pem);
}

void Certificates::check(const Sign& sign) const {
    Certificates same{sign};
    for (const std::string& pem : all_) same.add(pem);
}

// No exception may pass through the library.
int Certificates::sign_bytes(gnutls_privkey_t, gnutls_sign_algorithm_t algorithm, void* own, unsigned,
                             const gnutls_datum_t* bytes, gnutls_datum_t* signature) {
    const Key& key = *static_cast<const Key*>(own);
    try {
        const std::string made = key.owner->sign_(key.number, algorithm,
                                                  {reinterpret_cast<const char*>(bytes->data), bytes->size});
        signature->data = static_cast<unsigned char*>(gnutls_malloc(made.size()));
        if (signature->data == nullptr) return GNUTLS_E_MEMORY_ERROR;
        std::memcpy(signature->data, made.data(), made.size());
        signature->size = static_cast<unsigned>(made.size());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "no signature: %s\n", error.what());
        return GNUTLS_E_PK_SIGN_FAILED;
    }
}

int Certificates::tell_about(gnutls_privkey_t, unsigned flags, void* own) {
    const Key& key = *static_cast<const Key*>(own);
    if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0) return key.kind;
    if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0) return static_cast<int>(key.bits);
    if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0) {
        const auto algorithm = static_cast<gnutls_sign_algorithm_t>(GNUTLS_FLAGS_TO_SIGN_ALGO(flags));
        return algorithm == GNUTLS_SIGN_RSA_RAW
                   ? static_cast<int>(key.kind == GNUTLS_PK_RSA)
                   : static_cast<int>(gnutls_sign_supports_pk_algorithm(algorithm, key.kind));
    }
    return -1;
}

} // namespace common
