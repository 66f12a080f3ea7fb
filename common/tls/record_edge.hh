// SPDX-License-Identifier: ISC
// Where in a stream of TLS records the bytes that have come so far end: whoever cuts a connection may cut
// within one. Run by the relay, on bytes that a client sent.
#pragma once

#include <cstddef>
#include <string_view>

namespace common {

class RecordEdge {
public:
    void pass(std::string_view bytes);
    // No record has begun that is not complete.
    bool is_between() const { return head_ == 0; }

private:
    std::size_t head_ = 0; // bytes of the record's that have come
    std::size_t body_ = 0; // bytes that are yet to come
};

} // namespace common
