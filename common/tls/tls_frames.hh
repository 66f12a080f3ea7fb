// SPDX-License-Identifier: ISC
// What the processes of suite-tls, a daemon's main process and its clients' processes say to each other, and
// a client program and its relay: every frame in one table. Nothing here needs a TLS library, so that the
// daemons can use it. A frame is one packet: its word, two numbers, and bytes up to its end. Whoever reads
// one checks that it is one of those meant for it, and that the bytes are no more than the word may bring.
#pragma once

#include "common/fd.hh"
#include "common/log.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace common {

// Caps, in bytes. What is longer is refused, never cut.
inline constexpr std::size_t max_tls_peer = 64;        // where a client is from
inline constexpr std::size_t max_tls_text = 512;       // a line for the log, or a reason
inline constexpr std::size_t max_to_sign = 1024;       // what is signed: a hash, or a short message
inline constexpr std::size_t max_signature = 2048;     // of RSA with 16,384 bits
inline constexpr std::size_t max_tls_packet = 4096;    // any frame
inline constexpr std::size_t max_certificates = 64;    // with a key each
inline constexpr std::uint32_t control_connection = 0; // its number; data connections have others
inline constexpr std::size_t max_relayed =
    16; // connections that a relay carries at once, the control one too

// None of the numbers is a byte of text (common/error_lines.hh).
enum class TlsWord : std::uint8_t {
    // main process to tlsd
    client = 1, // tlsd's end of a pair with a new client's process; bytes: where the client is from; number:
                // how many clients there may be, 0 if that is not said
    // tlsd to main process
    ready = 4, // each certificate has its key
    note = 8,  // bytes: a line for the log; number: its Severity
    // tlsd to keyd, and to a relay
    signer = 2, // one end of a new pair on which a relay asks keyd for signatures; bytes as of `client'
    // relay to tlsd
    want_signer = 3, // the pair with keyd has ended
    lingers = 5,     // its client's process has gone, and it waits for its client alone
    // relay to keyd
    sign = 20, // number: of the key; detail: GnuTLS's number of the signature algorithm; bytes: what to sign
    // keyd to relay
    signature = 21, // detail: 0, and bytes: the signature; else it is refused, and bytes say why
    // client's process to tlsd, once: from then on a relay is at the pair's other end
    begin = 22, // the client's socket and one end of a stream pair; bytes: RelayTerms
    // client's process to relay
    data = 23,             // the same for a data connection; number: its own; detail: RelayDirection
    whole = 24,            // connection number: what stands in its stream before the end is all that there is
    broken_off = 16,       // connection number: its client is to see it reset, unless its end is sent
    ticket = 25,           // the client is about to open a data connection
    ask_acknowledged = 26, // of the control connection; number: of the question
    // relay to client's process
    secured = 27, // connection number: its handshake is done; detail: RelaySecurity; bytes: the cipher
    ended = 28,   // connection number: what stands in its stream is all that came, and its end follows;
                  // detail: RelayEnd; bytes: why it was cut
    sent = 29, // connection number: detail 0: all that was whole is with the system, and TLS's own end; 1: it
               // cannot be sent, and bytes say why
    acknowledged = 30, // the answer to that question; detail: Acknowledgement
    // relay to client program, which has said begin as a client's process does: before it carries anything
    certificate = 14, // the server has the key of this one; bytes: ServerCertificate
    // client program to relay
    accept = 15, // that server is the right one; then the relay says secured, and carries what there is
};

struct TlsFrame {
    TlsWord word{};
    std::uint32_t number = 0;
    std::uint32_t detail = 0;
    std::string bytes{};
};

// Which way a connection's bytes go that matter.
enum class RelayDirection : std::uint32_t { both = 0, to_client = 1, from_client = 2 };
// How the client's side of a connection ended: with TLS's own end; by a fault; or bare, with that of TCP
// alone, as an attacker would end it, and as some clients end all of theirs. From a client's relay also gone:
// cut like others, and since the server went away in the handshake, so that another try may come through.
enum class RelayEnd : std::uint32_t { clean = 0, cut = 1, bare = 2, gone = 3 };
// Of what was in a stream. lost: the client has reset the connection, or it could not be sent; late: it may
// still be acknowledged, but has not been for longer than anybody waits.
enum class Acknowledgement : std::uint32_t { lost = 0, all = 1, late = 2 };
// The detail of `secured'.
struct RelaySecurity {
    std::uint8_t minor = 0;  // TLS 1.minor
    bool is_resumed = false; // it is the control connection's, so that this is the same client
};

// What a client's process wants of its relay.
struct RelayTerms {
    enum class Protocol : std::uint8_t { ftp, irc }; // what a client that names one must name (RFC 7301)
    Protocol protocol{};
    std::uint8_t least_minor = 2;             // of TLS 1.x: 2 or 3
    std::chrono::seconds handshake_limit{60}; // 1 to max_relay_limit
    std::chrono::seconds stall_limit{300};    // for a client that takes none of its bytes; as above
};
inline constexpr std::chrono::seconds max_relay_limit{1'000'000};

// What a server has shown to a client.
struct ServerCertificate {
    static constexpr std::size_t digest = 32; // bytes of SHA-256
    std::string fingerprint;                  // the digest of all of it
    std::string key;                          // that of its public key
    std::string doubt{};                      // why it does not prove who the server is; empty: it does
};

// What makes a frame throws PeerError for what a reader would refuse; what reads one throws PeerError for any
// fault.
std::string pack_tls_frame(const TlsFrame& frame);
TlsFrame unpack_tls_frame(std::span<const char> packet);
std::string pack_terms(const RelayTerms& terms);
RelayTerms unpack_terms(std::string_view bytes);
std::string pack_certificate(const ServerCertificate& certificate);
ServerCertificate unpack_certificate(std::string_view bytes);
std::uint32_t pack_security(RelaySecurity security);
RelaySecurity unpack_security(std::uint32_t detail);
// The last of what `secured' says of a handshake, "(TLS1.3)-(ECDHE-...)-...-(AES-256-GCM)".
std::string_view name_of_cipher(std::string_view all);
RelayDirection direction_of(const TlsFrame& frame);        // of `data': never both
RelayEnd end_of(const TlsFrame& frame);                    // of `ended'
Acknowledgement acknowledgement_of(const TlsFrame& frame); // of `acknowledged'
Severity severity_of(const TlsFrame& frame);               // of `note'

// One frame and what came with it, from a packet socket.
struct TlsReceived {
    IoState state{};
    TlsFrame frame{};
    Fd first{}, second{};
    std::string said{};             // instead of a frame: text from a child whose standard error the pair is
    bool lacks_descriptors = false; // that it should bring: none was free here
};
enum class Complaints { refused, taken }; // such text
enum class Lack { is_fault, is_told };    // of descriptors: the second for those who are trusted
// Throws PeerError for a frame that is malformed, or none of the words expected, or brings descriptors other
// than its word does.
TlsReceived receive_tls_frame(int pair, std::initializer_list<TlsWord> expected,
                              Complaints complaints = Complaints::refused, Lack lack = Lack::is_fault);
// As send_packet.
IoState send_tls_frame(int pair, const TlsFrame& frame, int first = -1, int second = -1);

} // namespace common
