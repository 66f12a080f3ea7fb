// SPDX-License-Identifier: ISC
#include "tests/e2e/service_manager.hh"

#include "common/errors.hh"
#include "tests/e2e/process.hh"

#include <array>
#include <cstddef>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace e2e {

ServiceManager::ServiceManager(const std::string& name)
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    common::checked("bind", name,
                    [&] { return ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size); });
    const timeval limit{patience.count(), 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

std::string ServiceManager::hear() {
    std::array<char, 256> bytes{};
    const auto size =
        common::checked("hear", {}, [&] { return ::recv(socket_.get(), bytes.data(), bytes.size(), 0); });
    return {bytes.data(), static_cast<std::size_t>(size)};
}

void ServiceManager::hear(std::string_view word) {
    while (hear() != word) {
    }
}

void ServiceManager::forget() {
    std::array<char, 256> bytes{};
    while (::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) >= 0) {
    }
}

} // namespace e2e
