// SPDX-License-Identifier: ISC
// Whether a client program goes on with a server, by the certificate that it shows: one that proves who the
// server is, as far as the system knows, is accepted; another is accepted if its user has accepted it before,
// or does now. One that is another than before never is. Run by client programs.
#pragma once

#include "common/tls/known_servers.hh"
#include "common/tls/tls_frames.hh"
#include "common/tls/tls_wish.hh"

#include <functional>
#include <string>
#include <string_view>

namespace common {

class ServerTrust {
public:
    // Shows the words and waits for an answer; no value: there is nobody to ask.
    using Ask = std::function<bool(std::string_view words)>;

    // server: HOST:PORT.
    ServerTrust(TlsWish wish, std::string server, KnownServers known, Ask ask)
        : wish_(std::move(wish)),
          server_(std::move(server)),
          known_(std::move(known)),
          ask_(std::move(ask)) {}

    // Throws PeerError, in words that name the remedy, unless that is the right server.
    void judge(const ServerCertificate& certificate);
    // From now on nobody is asked.
    void ask_nobody() { ask_ = nullptr; }

private:
    void keep(const std::string& key);

    TlsWish wish_;
    std::string server_;
    KnownServers known_;
    Ask ask_;
    std::string accepted_; // a key, by this process
};

// A question at the terminal, if standard input and standard error are one; else none.
ServerTrust::Ask ask_at_terminal();

} // namespace common
