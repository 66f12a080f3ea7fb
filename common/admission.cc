// SPDX-License-Identifier: ISC
#include "common/admission.hh"

#include "common/text.hh"

#include <algorithm>
#include <sys/select.h>

namespace common {

std::optional<std::string> Admission::refuse(const std::string& address, std::size_t present, Time now,
                                             const AddressLimits& limits) {
    if (now - second_ >= std::chrono::seconds{1}) {
        second_ = now;
        arrivals_.clear();
    }
    const unsigned arrived = limits.connect_rate == 0 ? 0 : ++arrivals_[address];
    if (arrived > limits.connect_rate)
        return text("Too many connections per second from ", address, " (limit ", limits.connect_rate,
                    "): wait a second and try again.");
    if (limits.max_per_address != 0 && present >= limits.max_per_address)
        return text("Too many connections from ", address, " (limit ", limits.max_per_address,
                    "): close one and try again.");
    return {};
}

std::optional<std::string> refuse_last_places(const std::string& address, std::size_t present,
                                              std::size_t clients, std::size_t most) {
    if (present < few_clients || clients < most - most / 10) return {};
    return text("Nearly full (limit ", most, "): there is no room for more than ", few_clients,
                " connections from ", address, ": close one or try again later.");
}

Capacity::Capacity(std::size_t at_start, Backend backend, std::size_t descriptors, std::size_t own)
    : at_start_(at_start), backend_(backend), descriptors_(descriptors) {
    if (backend_ == Backend::select) descriptors_ = std::min<std::size_t>(descriptors_, FD_SETSIZE);
    set_own(own);
}

void Capacity::set_own(std::size_t own) {
    ceiling_ = std::min(at_start_, descriptors_ > own ? descriptors_ - own : 1);
}

std::optional<std::string> Capacity::explain(std::size_t wanted) const {
    if (clients(wanted) >= wanted) return {};
    const std::string why =
        ceiling_ == at_start_
            ? "more wait for the next start"
            : text(backend_ == Backend::select ? "select knows only " : "this process may have only ",
                   descriptors_, " descriptors");
    return text("max-clients is ", clients(wanted), ", not ", wanted, ": ", why);
}

} // namespace common
