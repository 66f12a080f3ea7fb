// SPDX-License-Identifier: ISC
#include "common/low_ports.hh"

#include <charconv>
#include <fstream>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <unistd.h>

namespace common {
namespace {

constexpr unsigned bind_service = 10; // CAP_NET_BIND_SERVICE, capabilities(7)

std::optional<unsigned> first_port_of_all() {
    std::ifstream file{"/proc/sys/net/ipv4/ip_unprivileged_port_start"};
    unsigned port = 0;
    if (file >> port) return port;
    return {};
}

// The effective capabilities, proc(5).
std::optional<unsigned long long> capabilities() {
    std::ifstream file{"/proc/self/status"};
    for (std::string line; std::getline(file, line);) {
        constexpr std::string_view key = "CapEff:\t";
        if (line.rfind(key, 0) != 0) continue;
        unsigned long long bits = 0;
        const auto [end, error] =
            std::from_chars(line.data() + key.size(), line.data() + line.size(), bits, 16);
        if (error == std::errc{}) return bits;
    }
    return {};
}

} // namespace

bool may_listen_on(std::uint16_t port) {
    if (port == 0 || port >= first_port_of_all().value_or(IPPORT_RESERVED)) return true;
    const auto given = capabilities();
    return given ? (*given >> bind_service & 1) != 0 : ::geteuid() == 0;
}

} // namespace common
