// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/secret.hh"

#include <array>
#include <stdexcept>
#include <sys/random.h>

namespace common {

// Before the system has gathered enough for the first time after its start, it waits: here, and never later.
void open_random_source() {
    std::array<char, 1> first{};
    fill_random(first);
}

void fill_random(std::span<char> bytes) {
    const auto got = checked("getrandom", {}, [&] { return ::getrandom(bytes.data(), bytes.size(), 0); });
    if (static_cast<std::size_t>(got) != bytes.size()) throw std::runtime_error("too few random bytes");
}

} // namespace common
