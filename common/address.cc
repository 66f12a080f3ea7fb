// SPDX-License-Identifier: ISC
#include "common/address.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace common {
namespace {

// The standard lets socket addresses be copied to and from sockaddr_storage, not be read through it.
template <class Kind>
Kind view_as(const sockaddr_storage& storage) {
    Kind kind{};
    std::memcpy(&kind, &storage, sizeof kind);
    return kind;
}

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

sockaddr_in unmap(const sockaddr_in6& mapped) {
    sockaddr_in plain{};
    plain.sin_family = AF_INET;
    plain.sin_port = mapped.sin6_port;
    std::memcpy(&plain.sin_addr, &mapped.sin6_addr.s6_addr[12], sizeof plain.sin_addr);
    return plain;
}

} // namespace

Address::Address(const sockaddr* address, socklen_t length) : size_(length) {
    if (length > sizeof storage_) throw std::length_error("a socket address that is too long");
    std::memcpy(&storage_, address, length);
    if (family() != AF_INET6) return;
    const auto wide = view_as<sockaddr_in6>(storage_);
    if (!IN6_IS_ADDR_V4MAPPED(&wide.sin6_addr)) return;
    const sockaddr_in plain = unmap(wide);
    storage_ = {};
    std::memcpy(&storage_, &plain, sizeof plain);
    size_ = sizeof plain;
}

Address Address::of_path(std::string_view path) {
    sockaddr_un local{};
    if (path.find('\0') != path.npos) throw UserError("a socket path cannot contain a NUL byte");
    if (path.empty() || path.size() >= sizeof local.sun_path)
        throw UserError(text("the socket path '", escape(path), "' has ", path.size(),
                             " bytes: give one of 1 to ", sizeof local.sun_path - 1));
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path.data(), path.size());
    return {reinterpret_cast<const sockaddr*>(&local), static_cast<socklen_t>(path_offset + path.size() + 1)};
}

std::uint16_t Address::port() const {
    switch (family()) {
    case AF_INET: return ntohs(view_as<sockaddr_in>(storage_).sin_port);
    case AF_INET6: return ntohs(view_as<sockaddr_in6>(storage_).sin6_port);
    default: return 0;
    }
}

Address Address::with_port(std::uint16_t port) const {
    Address changed = *this;
    const std::uint16_t wire = htons(port);
    char* const bytes = reinterpret_cast<char*>(&changed.storage_);
    if (family() == AF_INET) std::memcpy(bytes + offsetof(sockaddr_in, sin_port), &wire, sizeof wire);
    if (family() == AF_INET6) std::memcpy(bytes + offsetof(sockaddr_in6, sin6_port), &wire, sizeof wire);
    return changed;
}

std::string Address::path() const {
    if (family() != AF_UNIX || size_ <= path_offset) return {};
    const auto local = view_as<sockaddr_un>(storage_);
    // A path may fill sun_path without a NUL, and Linux then gives a size one beyond it (unix(7)).
    const std::size_t most = std::min(size_ - path_offset, sizeof local.sun_path);
    return {local.sun_path, ::strnlen(local.sun_path, most)};
}

std::string Address::host() const {
    if (family() == AF_UNIX) return "unix";
    std::array<char, NI_MAXHOST> name{};
    const int error = ::getnameinfo(data(), size_, name.data(), name.size(), nullptr, 0, NI_NUMERICHOST);
    return error == 0 ? name.data() : "?";
}

std::string Address::network() const {
    if (family() != AF_INET6) return host();
    Address first = *this;
    char* const bytes = reinterpret_cast<char*>(&first.storage_) + offsetof(sockaddr_in6, sin6_addr);
    std::fill_n(bytes + 8, 8, '\0');
    return first.host() + "/64";
}

std::string Address::shown() const {
    switch (family()) {
    case AF_UNIX: return "unix:" + escape(path());
    case AF_INET6: return text('[', host(), "]:", port());
    default: return text(host(), ':', port());
    }
}

std::uint32_t Address::ipv4_bytes() const {
    return family() == AF_INET ? view_as<sockaddr_in>(storage_).sin_addr.s_addr : 0;
}

bool Address::same_host(const Address& other) const {
    if (family() != other.family()) return false;
    if (family() == AF_INET) return ipv4_bytes() == other.ipv4_bytes();
    if (family() != AF_INET6) return false;
    const auto one = view_as<sockaddr_in6>(storage_);
    const auto two = view_as<sockaddr_in6>(other.storage_);
    return IN6_ARE_ADDR_EQUAL(&one.sin6_addr, &two.sin6_addr) && one.sin6_scope_id == two.sin6_scope_id;
}

std::optional<Address> parse_host(std::string_view given, int family) {
    const std::string host{given};
    if (host.find('\0') != host.npos) return {};
    sockaddr_in four{};
    if (family != AF_INET6 && ::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        return Address{reinterpret_cast<const sockaddr*>(&four), sizeof four};
    }
    sockaddr_in6 six{};
    if (family != AF_INET && ::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        return Address{reinterpret_cast<const sockaddr*>(&six), sizeof six};
    }
    return {};
}

std::vector<Address> resolve_address(std::string_view given) {
    if (given.substr(0, 5) == "unix:") return {Address::of_path(given.substr(5))};

    const auto refuse = [&](std::string_view why) -> UserError {
        return UserError(text("cannot use the address '", escape(given), "': ", why));
    };
    const std::size_t colon = given.rfind(':');
    if (colon == given.npos || !parse_number<std::uint16_t>(given.substr(colon + 1)))
        throw refuse("write HOST:PORT with a port of 0 to 65535, as in 127.0.0.1:2121, [::1]:2121 or *:2121");
    std::string host{given.substr(0, colon)};
    const std::string port{given.substr(colon + 1)};
    if (host.empty()) throw refuse("the host is missing: write * for every address of this machine");
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    if (host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        if (host.find(':') == host.npos) throw refuse("brackets are for an IPv6 address, as in [::1]:2121");
        hints.ai_flags |= AI_NUMERICHOST;
    } else if (host.find(':') != host.npos) {
        throw refuse("write an IPv6 address in brackets, as in [::1]:2121");
    }

    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host == "*" ? nullptr : host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) throw refuse(::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, ::freeaddrinfo};

    std::vector<Address> addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        const Address address{entry->ai_addr, entry->ai_addrlen};
        // A name may stand twice in hosts(5), and nobody can listen twice at one place.
        const auto is_same = [&](const Address& other) { return other.same_host(address); };
        if (std::none_of(addresses.begin(), addresses.end(), is_same)) addresses.push_back(address);
    }
    return addresses;
}

} // namespace common
