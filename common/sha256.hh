// SPDX-License-Identifier: ISC
// SHA-256 (FIPS 180-4) of a short text: for secrets that are random already and so need no slow hash, like
// the tokens of chatd. Not for passwords.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace common {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

} // namespace common
