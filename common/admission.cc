// SPDX-License-Identifier: ISC
#include "common/admission.hh"

#include "common/text.hh"

namespace common {

std::optional<std::string> Admission::refuse(const std::string& address, std::size_t present, Time now,
                                             const AddressLimits& limits) {
    if (now - second_ >= std::chrono::seconds{1}) {
        second_ = now;
        arrivals_.clear();
    }
    const unsigned arrived = limits.connect_rate == 0 ? 0 : ++arrivals_[address];
    if (arrived > limits.connect_rate)
        return text("Too many connections a second from ", address, " (limit ", limits.connect_rate,
                    "): wait a second and try again.");
    if (limits.max_per_address != 0 && present >= limits.max_per_address)
        return text("Too many connections from ", address, " (limit ", limits.max_per_address,
                    "): close one and try again.");
    return {};
}

} // namespace common
