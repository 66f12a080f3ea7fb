// SPDX-License-Identifier: ISC
// Where a socket is: IPv4, IPv6 or a path of the file system, read from text and shown as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace common {

class Address {
public:
    Address() = default;
    // From what accept(2), getsockname(2) or getaddrinfo(3) gave. An IPv4-mapped IPv6 address becomes plain
    // IPv4, so that one host has one name whatever kind of listener it came through.
    Address(const sockaddr* address, socklen_t length);
    // Throws UserError when the path is empty, longer than sun_path holds, or has a NUL.
    static Address of_path(std::string_view path);

    int family() const { return storage_.ss_family; }
    const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t size() const { return size_; }

    std::uint16_t port() const; // 0 for a path
    Address with_port(std::uint16_t port) const;
    std::string path() const; // of AF_UNIX; empty for others and unnamed ones
    // The host alone, numeric: 127.0.0.1, fe80::1%eth0; "unix" for a path.
    std::string host() const;
    // The host; of an IPv6 address its first 64 bits, since one subscriber has all that begin with them:
    // 2001:db8:1:2::/64.
    std::string network() const;
    // As the log and `listen' write it: 127.0.0.1:2121, [::1]:2121, unix:PATH (escaped: a peer chose it).
    std::string shown() const;
    // IPv4's four bytes in network order, for PASV and PORT (RFC 959); zeros for others.
    std::uint32_t ipv4_bytes() const;

    bool same_host(const Address& other) const; // port left out; false for paths

private:
    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

// The address that is written in numbers (inet_pton(3)), with port 0: 127.0.0.1, ::1. No value for anything
// else: names, blanks, zones, brackets. family: AF_INET or AF_INET6 for that kind alone.
std::optional<Address> parse_host(std::string_view text, int family = AF_UNSPEC);

// What text names: ADDRESS:PORT, [IPV6]:PORT, NAME:PORT, *:PORT (every IPv4 and every IPv6 address),
// unix:PATH; each address once. Names are looked up with getaddrinfo(3), so this may take seconds. Throws
// UserError in plain words.
std::vector<Address> resolve_address(std::string_view text);

} // namespace common
