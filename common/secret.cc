// SPDX-License-Identifier: ISC
#include "common/secret.hh"

#include <algorithm>
#include <utility>

namespace common {

// explicit_bzero(3) would do, but POSIX has none.
void erase_bytes(std::span<char> bytes) {
    volatile char* at = bytes.data();
    for (std::size_t left = bytes.size(); left > 0; --left) *at++ = '\0';
}

void erase_bytes(std::string& bytes) {
    bytes.resize(bytes.capacity());
    erase_bytes(std::span<char>{bytes});
    bytes.clear();
}

bool equal_in_constant_time(std::string_view secret, std::string_view given) {
    if (secret.empty()) return given.empty();
    std::size_t difference = secret.size() ^ given.size();
    for (std::size_t i = 0; i < given.size(); ++i)
        difference |=
            static_cast<unsigned char>(secret[i % secret.size()]) ^ static_cast<unsigned char>(given[i]);
    return difference == 0;
}

Secret::Secret(std::string_view bytes)
    : size_(bytes.size()), bytes_(std::make_unique<char[]>(bytes.size() + 1)) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    erase();
    size_ = other.size_;
    bytes_ = std::move(other.bytes_);
    return *this;
}

Secret::~Secret() { erase(); }

void Secret::erase() {
    if (bytes_) erase_bytes({bytes_.get(), size_});
}

} // namespace common
