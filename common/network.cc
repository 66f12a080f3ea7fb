// SPDX-License-Identifier: ISC
#include "common/network.hh"

#include "common/text.hh"

#include <algorithm>
#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>

namespace common {
namespace {

constexpr std::size_t bits_of_four = 32, bits_of_six = 128;

} // namespace

std::size_t Network::most_bits(int family) {
    return family == AF_INET ? bits_of_four : family == AF_INET6 ? bits_of_six : 0;
}

std::optional<Network> Network::make(const Address& address, std::size_t bits) {
    Network network;
    network.family_ = address.family();
    network.bits_ = bits;
    const auto* const start = reinterpret_cast<const char*>(address.data());
    if (network.family_ == AF_INET)
        std::memcpy(network.bytes_.data(), start + offsetof(sockaddr_in, sin_addr), sizeof(in_addr));
    else if (network.family_ == AF_INET6)
        std::memcpy(network.bytes_.data(), start + offsetof(sockaddr_in6, sin6_addr), sizeof(in6_addr));
    else
        return {};
    for (std::size_t bit = bits; bit < 8 * network.bytes_.size(); ++bit)
        network.bytes_[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
    return network;
}

std::optional<Network> Network::parse(std::string_view text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    std::string_view host = text.substr(0, slash);
    const bool is_six = host.find(':') != host.npos;
    if (is_six) host = host.substr(0, host.find('%'));
    const std::optional<Address> address = parse_host(host);
    if (!address) return {};
    const std::size_t written = is_six ? bits_of_six : bits_of_four;
    std::optional<std::size_t> bits = written;
    if (slash != text.size()) bits = parse_number<std::size_t>(text.substr(slash + 1), 0, written);
    if (!bits) return {};
    const std::size_t before = written - most_bits(address->family()); // of an IPv4-mapped address
    if (*bits < before) return {};
    return make(*address, *bits - before);
}

std::optional<Network> Network::of(const Address& address) {
    return make(address, address.family() == AF_INET ? bits_of_four : bits_of_six / 2);
}

bool Network::contains(const Address& address) const {
    const std::optional<Network> other = make(address, bits_);
    return other && other->family_ == family_ && other->bytes_ == bytes_;
}

std::string Network::shown() const {
    std::array<char, INET6_ADDRSTRLEN> host{};
    ::inet_ntop(family_, bytes_.data(), host.data(), host.size());
    return bits_ == most_bits(family_) ? text(host.data()) : text(host.data(), '/', bits_);
}

} // namespace common
