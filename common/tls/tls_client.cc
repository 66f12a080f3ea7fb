// SPDX-License-Identifier: ISC
#include "common/tls/tls_client.hh"

#include "common/text.hh"
#include "common/tls/tls_process.hh"

#include <filesystem>
#include <poll.h>
#include <utility>

namespace common {
namespace {

using namespace std::chrono_literals;

constexpr auto handshake_limit = 60s; // the programs are less patient
constexpr auto stall_limit = 24h;     // the program says how long it waits

// Links to the program, in a folder of the user's, lead to where it was installed.
std::string path_of_program(std::span<char* const> arguments) {
    const std::string own = Invocation{arguments}.path();
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(own, error);
    return find_tls_program(error ? own : real.string());
}

std::string name_of(const std::string& host, std::uint16_t port) {
    return host.find(':') == host.npos ? text(host, ':', port) : text('[', host, "]:", port);
}

} // namespace

TlsClient::TlsClient(std::span<char* const> arguments, TlsWish wish, RelayTerms::Protocol protocol,
                     std::string host, std::uint16_t port)
    : program_(path_of_program(arguments)),
      wish_(std::move(wish)),
      protocol_(protocol),
      host_(std::move(host)),
      trust_(wish_, name_of(host_, port), KnownServers{}, ask_at_terminal()) {}

Fd TlsClient::begin(SecuredConnection& connection, Fd socket) const {
    return connection.begin(
        {.protocol = protocol_, .handshake_limit = handshake_limit, .stall_limit = stall_limit},
        std::move(socket));
}

bool TlsClient::check(SecuredConnection& connection) {
    connection.hear();
    if (!connection.fault().empty())
        throw TlsFailure(text("no TLS: ", connection.fault(),
                              is_implicit() ? "\nis that a port where TLS begins with the first byte?" : ""),
                         connection.server_went());
    if (!connection.certificate()) return false;
    trust_.judge(*connection.certificate());
    connection.accept();
    return true;
}

Fd TlsClient::secure(SecuredConnection& connection, Fd socket, std::chrono::milliseconds patience) {
    Fd stream = begin(connection, std::move(socket));
    while (!check(connection)) {
        pollfd waited{connection.fd(), POLLIN, 0};
        const int ready = checked("wait for", "the server",
                                  [&] { return ::poll(&waited, 1, static_cast<int>(patience.count())); });
        if (ready == 0)
            throw TlsFailure(text("no TLS: the server has been silent for ",
                                  std::chrono::ceil<std::chrono::seconds>(patience).count(), " seconds"));
    }
    return stream;
}

} // namespace common
