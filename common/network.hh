// SPDX-License-Identifier: ISC
// A network: all addresses that begin with the same bits, IPv4 or IPv6; one address alone is one, too. To be
// compared with the addresses of clients. Used by daemons; without a descriptor.
#pragma once

#include "common/address.hh"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace common {

class Network {
public:
    // 10.0.0.7, 10.0.0.0/8, 2001:db8::1, 2001:db8::/32 (RFC 4632 3.1, RFC 4291 2.3). What stands behind the
    // bits that count is left out, and so is a zone; a network of IPv4-mapped addresses is one of IPv4. No
    // value for anything else.
    static std::optional<Network> parse(std::string_view text);
    // What one subscriber has: an address of IPv4, the first 64 bits of one of IPv6. No value for a path.
    static std::optional<Network> of(const Address& address);

    // False for a path. The zone of an address does not count.
    bool contains(const Address& address) const;
    // As parse takes it, in the one way that inet_ntop(3) writes it: 10.0.0.0/8; an address without /32 or
    // /128.
    std::string shown() const;

private:
    using Bytes = std::array<std::uint8_t, 16>; // in network order; of IPv4 the first four
    static std::size_t most_bits(int family);
    static std::optional<Network> make(const Address& address, std::size_t bits);

    int family_ = 0;
    std::size_t bits_ = 0;
    Bytes bytes_{}; // zero behind the bits
};

} // namespace common
