// SPDX-License-Identifier: ISC
#include "common/capacity.hh"

#include "common/daemon.hh"
#include "common/text.hh"

#include <algorithm>
#include <sys/select.h>

namespace common {

Capacity::Capacity(std::size_t at_start, Backend backend, std::size_t descriptors, std::size_t own)
    : at_start_(at_start), backend_(backend), descriptors_(descriptors) {
    if (backend_ == Backend::select) descriptors_ = std::min<std::size_t>(descriptors_, FD_SETSIZE);
    ceiling_ = std::min(at_start_, descriptors_ > own ? descriptors_ - own : 1);
}

Capacity::Capacity(std::size_t at_start, Backend backend, std::size_t own)
    : Capacity(at_start, backend, raise_descriptor_limit(), own) {}

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
