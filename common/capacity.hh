// SPDX-License-Identifier: ISC
// How many clients a daemon's parent can have at once: as many as it was started for, as it has descriptors,
// and as its backend can watch. Each client takes one descriptor there, the parent's end of its pair.
#pragma once

#include "common/poller.hh"

#include <cstddef>
#include <optional>
#include <string>

namespace common {

class Capacity {
public:
    // at_start: clients that there is room for. descriptors: that the process may have. own: those of them
    // that are not clients'.
    Capacity(std::size_t at_start, Backend backend, std::size_t descriptors, std::size_t own);
    // The same for all that it may have: raises the limit of descriptors to its hard limit.
    Capacity(std::size_t at_start, Backend backend, std::size_t own);

    std::size_t clients(std::size_t wanted) const { return wanted < ceiling_ ? wanted : ceiling_; }
    // "max-clients is 991, not 1000: select knows only 1024 descriptors"; no value when there is room for
    // all.
    std::optional<std::string> explain(std::size_t wanted) const;

private:
    std::size_t at_start_;
    Backend backend_;
    std::size_t descriptors_; // that the process may have, or its backend knows
    std::size_t ceiling_;
};

} // namespace common
