// SPDX-License-Identifier: ISC
#include "common/authd/password.hh"

#include <array>
#include <crypt.h>

namespace common {

// The system's own choice first. musl's crypt.h has no such function.
std::vector<std::string> hash_settings() {
    std::vector<std::string> settings = portable_hash_settings();
#ifdef CRYPT_GENSALT_OUTPUT_SIZE
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> best{};
    if (::crypt_gensalt_rn(nullptr, 0, nullptr, 0, best.data(), static_cast<int>(best.size())) != nullptr)
        settings.insert(settings.begin(), best.data());
#endif
    return settings;
}

} // namespace common
