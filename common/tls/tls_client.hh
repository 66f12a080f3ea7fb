// SPDX-License-Identifier: ISC
// TLS for a client program, which links no library for it: the connections to one server, and whether it goes
// on with that. Run by fcp, fls and chat.
#pragma once

#include "common/errors.hh"
#include "common/fd.hh"
#include "common/keeper/executable.hh"
#include "common/tls/secured_connection.hh"
#include "common/tls/server_trust.hh"
#include "common/tls/tls_wish.hh"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

namespace common {

// There is no TLS with the server, now at least; whether it is the right one is not known.
struct TlsFailure : PeerError {
    explicit TlsFailure(const std::string& why, bool server_went = false)
        : PeerError(why), may_come_back(server_went) {}

    bool may_come_back; // the server went away in the handshake, and did not refuse it
};

class TlsClient {
public:
    // arguments: of main(), by which suite-tls is found. Throws UserError when it is not there, saying what
    // to install. The user is asked at the terminal, if there is one.
    TlsClient(std::span<char* const> arguments, TlsWish wish, RelayTerms::Protocol protocol, std::string host,
              std::uint16_t port);

    // The relay for the next connection, which makes itself ready meanwhile.
    SecuredConnection start() const { return {program_, host_, wish_.issuers}; }
    // Hands the socket over; the stream carries nothing until check says true.
    Fd begin(SecuredConnection& connection, Fd socket) const;
    // Hears the relay, which its descriptor tells of; true once the server was accepted. Throws TlsFailure,
    // and PeerError, in words that name the remedy, when it is not the right one.
    bool check(SecuredConnection& connection);
    // Both, and waits as long as patience between them, and for the user's answer.
    Fd secure(SecuredConnection& connection, Fd socket, std::chrono::milliseconds patience);

    bool is_implicit() const { return wish_.mode == TlsWish::Mode::implicit; }
    // The terminal is used for something else now.
    void ask_nobody() { trust_.ask_nobody(); }

private:
    Executable program_;
    TlsWish wish_;
    RelayTerms::Protocol protocol_;
    std::string host_;
    ServerTrust trust_;
};

} // namespace common
