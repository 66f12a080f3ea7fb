// SPDX-License-Identifier: ISC
// The server that fcp and fls work with: where it is, who logs in there, and whether it has the commands that
// are needed.
#pragma once

#include "common/address.hh"
#include "common/secret.hh"
#include "common/tls/tls_client.hh"
#include "ftpd/fcp/remote_name.hh"
#include "ftpd/fcp/server_link.hh"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

// The server has no GET, PUT and SITE MLSD on its control connection: another program must do.
struct LacksVerbs : std::runtime_error {
    LacksVerbs(const std::string& what, std::string who, bool in_netrc)
        : runtime_error(what), user(std::move(who)), password_in_netrc(in_netrc) {}

    std::string user; // that would have logged in; empty: anonymous
    bool password_in_netrc;
};

class RemoteHost {
public:
    static constexpr std::chrono::seconds patience{30};

    // The login is that of the name, or of ~/.netrc, or anonymous; a password that is not known is asked for
    // when the server wants one, unless input_is_taken: standard input is what is copied. tls: nothing but
    // the wish for it is said without; none: all is in the clear. hint: shows a line to the user, once.
    RemoteHost(const RemoteName& name, std::uint16_t port, bool input_is_taken,
               std::optional<common::TlsClient> tls = {},
               std::function<void(std::string_view)> hint = nullptr);

    // Connects and logs in. Throws LacksVerbs, PeerError, UserError, std::system_error.
    ServerLink connect();

private:
    ServerLink reach();
    void log_in(ServerLink& link, const Reply& to_user);
    void find_password();

    std::string host_;
    std::uint16_t port_;
    std::string user_;
    std::optional<common::Secret> password_;
    bool input_is_taken_;
    bool password_in_netrc_ = false;
    std::optional<common::TlsClient> tls_;
    std::function<void(std::string_view)> hint_; // none: it was shown
    std::vector<common::Address> addresses_;     // once looked up
};

} // namespace ftpd
