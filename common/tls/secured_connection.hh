// SPDX-License-Identifier: ISC
// One connection of a client program under TLS. What speaks TLS is a process of its own, the relay
// (suite-tls, common/tls/client), which is started for it: this program hands it the socket and goes on over
// a stream of plain bytes. Trusts the relay with that connection alone.
#pragma once

#include "common/fd.hh"
#include "common/keeper/executable.hh"
#include "common/tls/tls_frames.hh"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace common {

class SecuredConnection {
public:
    // Starts the relay, which makes itself ready meanwhile. host: as the certificate must have it; issuers:
    // as ServerProof takes them.
    SecuredConnection(const Executable& program, const std::string& host, const std::string& issuers);
    // Unless that was left open, all that was written to the stream is all that there is.
    ~SecuredConnection();
    SecuredConnection(SecuredConnection&& other) noexcept;
    SecuredConnection& operator=(SecuredConnection&&) = delete;

    // Hands over the socket; the stream comes in its place, which carries nothing before accept. Throws
    // PeerError when the relay has ended.
    Fd begin(const RelayTerms& terms, Fd socket);
    int fd() const { return pair_.get(); } // readable when hear has something to hear; -1: it has ended
    // Takes what the relay has said.
    void hear();
    // The same once the stream has ended: waits until the relay has told how, which it does before it ends
    // the stream, or has gone itself. That is at once.
    void hear_end();
    // Of the server, once the handshake is done.
    const std::optional<ServerCertificate>& certificate() const { return certificate_; }
    // That is the right server.
    void accept();
    // The same before the stream is half closed: what stands in it is all that there is.
    void say_whole();
    // Closing will reset the connection, unless say_whole was called: what was sent must not look complete.
    void leave_open() { is_left_open_ = true; }
    // Why the connection broke, or was not made; empty: it did not, or the server has ended it in order.
    const std::string& fault() const { return fault_; }
    // That is since the server went away in the handshake: it may come back.
    bool server_went() const { return server_went_; }
    // The server has ended TCP's side without TLS's own end, as anybody between could.
    bool has_bare_end() const { return has_bare_end_; }

private:
    void say(const TlsFrame& frame);
    void heed_end(const TlsFrame& frame);

    Fd pair_;
    bool is_left_open_ = false;
    std::optional<ServerCertificate> certificate_;
    std::string said_; // of what it complains
    std::string fault_;
    bool server_went_ = false;
    bool has_bare_end_ = false;
    bool has_told_end_ = false;
};

// In the program suite-tls: its role then; the number of the pair, the host and the issuers follow.
inline constexpr std::string_view tls_client = "client";
struct TlsClientOrders {
    Fd pair;
    std::string host, issuers;
};
// Throws UsageError for what SecuredConnection does not say.
TlsClientOrders read_tls_client(std::span<char* const> arguments);

} // namespace common
