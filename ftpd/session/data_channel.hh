// SPDX-License-Identifier: ISC
// Data connections (RFC 959, section 3.2; RFC 2428): what PASV, EPSV, PORT and EPRT prepared, and opening it
// for one transfer. A passive port takes only the client's own host (others are dropped and listening goes
// on), an active one leads only to the client's own host and above the reserved ports (RFC 2577). While a
// data connection is waited for or used, the control connection is watched (ftpd/session/connection.hh). Run
// by the session.
#pragma once

#include "common/address.hh"
#include "common/fd.hh"
#include "common/loop.hh"
#include "common/tls/relay_link.hh"
#include "common/tls/tls_frames.hh"
#include "ftpd/session/refusal.hh"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ftpd {

class Connection;
struct DataSettings;

// An open data connection. It is watched through the control connection and forgotten there before it closes.
class DataConnection {
public:
    DataConnection(Connection& control, common::Fd socket) : control_(&control), socket_(std::move(socket)) {}
    // socket: a stream, whose other end the relay has, under this number.
    DataConnection(Connection& control, common::Fd socket, common::RelayLink& relay, std::uint32_t number,
                   bool trusts_ends)
        : control_(&control),
          socket_(std::move(socket)),
          relay_(&relay),
          number_(number),
          trusts_ends_(trusts_ends) {}
    DataConnection(DataConnection&&) = default;
    DataConnection& operator=(DataConnection&&) = delete;
    // Closed without close(): the client is to see a reset, not an end that looks complete.
    ~DataConnection();

    // All of bytes. Throws Refusal (426) when the client closes or resets it, or stalls.
    void send(std::string_view bytes);
    // At least one byte; none at its orderly end.
    std::size_t receive(std::span<char> into);
    // Takes what still comes and drops it, for a second and 16 MiB at most: a client that is reset while it
    // sends may never read the reply that says why.
    void discard_rest();
    // Waits until it can be written. Throws Refusal (426) when the client stalls; under TLS the relay sees
    // that, and ends the connection.
    void wait_until_writable();
    // What to throw when it has ended without a word of ours (426).
    Refusal broken();
    // Under TLS waits for the handshake. Throws Refusal (522) for a session of its own, which anybody could
    // have who has guessed the port, (426) where there is no handshake.
    void require_resumed_session();
    // The orderly end of what we send; the client's own end may be read after it. Under TLS waits until all
    // is with the system; throws Refusal (426) when it cannot be sent.
    void end_output();
    // Of what the client has sent, at its end. proved: the client itself has said so, under TLS. cut: it
    // should have, and has not; then why tells. Where the settings trust any end, plain: as without TLS.
    enum class End { plain, proved, cut };
    End end_of_input();
    std::string why_cut() const;
    // The orderly end.
    void close();

    int fd() const { return socket_.get(); }
    // Gives the socket up, still open and no longer watched.
    common::Fd release();

private:
    using Deadline = std::optional<common::Clock::time_point>; // none: for ever
    Refusal stalled(std::string_view what) const;
    common::Clock::time_point stall_deadline() const;
    void wait_for_relay(Deadline deadline,
                        const std::function<bool(const common::RelayLink::Connection&)>& is_enough);

    Connection* control_;
    common::Fd socket_;
    common::RelayLink* relay_ = nullptr; // under TLS
    std::uint32_t number_ = 0;
    bool trusts_ends_ = false;
};

class DataChannel {
public:
    DataChannel(Connection& control, common::RelayLink& relay, const DataSettings& settings,
                common::Address client, common::Address server);

    // Whether the connections that follow are under TLS; not before the control connection is.
    void set_private(bool is_private) { is_private_ = is_private; }
    bool is_private() const { return is_private_; }

    // What the client is told of a passive port: EPSV tells no address, so that only PASV needs one of the
    // settings.
    enum class Told { port, address };
    // Listens on a port of the address that the client reached us at; returns what to tell. What was prepared
    // before is gone. Throws Refusal (425) when there is no free port.
    common::Address listen_passive(Told told);
    // IPv6's :: stands for the client's address. Throws Refusal (504) for one that is not the client's, or a
    // reserved port.
    void set_active(const common::Address& to);
    void reset();

    // Throws Refusal (425) unless one of these two has prepared a connection.
    void check_prepared() const;
    // Makes the connection, for bytes that go that way; what was prepared is used up. Throws Refusal (425).
    DataConnection open(common::RelayDirection direction);
    // Closes a connection whose output has been ended, once the client has closed it, too, or has sent
    // something on the control connection, or a moment is over: so 226 comes when the client has seen 150 and
    // the end of the data. A client that lets the moment pass is not waited for again.
    void finish(DataConnection& data);

    int client_family() const { return client_.family(); }
    const common::Address& client() const { return client_; }

private:
    void listen_on_some_port();
    common::Fd accept_client();
    common::Fd connect_client();
    std::string explain_silence() const;

    Connection& control_;
    common::RelayLink& relay_;
    const DataSettings& settings_;
    common::Address client_;
    common::Address server_;
    bool is_private_ = false; // under TLS
    common::Fd listener_;
    common::Address told_; // of the listener
    common::Address active_;
    bool client_closes_ = true; // its data connections when it has seen their end, as far as is known
};

// "h1,h2,h3,h4,p1,p2" of PORT. Throws Refusal (501).
common::Address parse_port_argument(std::string_view argument);
// "|1|132.235.1.2|6275|" of EPRT (RFC 2428, section 2); a zone, as in "|2|fe80::1%eth0|6275|", is left out.
// Throws Refusal (501, 522).
common::Address parse_eprt_argument(std::string_view argument);
// The same six numbers for the reply to PASV.
std::string format_pasv(const common::Address& address);

} // namespace ftpd
