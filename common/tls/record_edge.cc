// SPDX-License-Identifier: ISC
#include "common/tls/record_edge.hh"

#include <algorithm>

namespace common {

// A byte for the type, two for the version, two for the length of the body (RFC 8446, section 5.1).
void RecordEdge::pass(std::string_view bytes) {
    constexpr std::size_t whole_head = 5, before_length = 3;
    constexpr unsigned bits = 8;
    while (!bytes.empty()) {
        if (head_ < whole_head) {
            if (head_++ >= before_length) body_ = body_ << bits | static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
        } else {
            const std::size_t taken = std::min(body_, bytes.size());
            body_ -= taken;
            bytes.remove_prefix(taken);
        }
        if (head_ == whole_head && body_ == 0) head_ = 0;
    }
}

} // namespace common
