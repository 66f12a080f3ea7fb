// SPDX-License-Identifier: ISC
// The checksum of cksum(1): the CRC of POSIX, over the bytes and then their number. Streaming, and fast
// enough not to slow a transfer: sixteen bytes a step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace common {

class Cksum {
public:
    void add(std::string_view bytes);
    std::uint32_t value() const; // of all bytes so far
    std::uint64_t size() const { return size_; }
    // "CKSUM SIZE", as cksum(1) prints them.
    std::string shown() const;

private:
    std::uint32_t crc_ = 0;
    std::uint64_t size_ = 0;
};

} // namespace common
