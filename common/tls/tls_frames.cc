// SPDX-License-Identifier: ISC
#include "common/tls/tls_frames.hh"

#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/pack/pack.hh"
#include "common/socket.hh"

#include <algorithm>
#include <array>

namespace common {
namespace {

// clang-format off
using Fields = pack::Struct<"=BII">;   // word, number, detail; the bytes
using TermFields = pack::Struct<"=BBII">; // protocol, least minor version, limits of a handshake and a stall (s)
// clang-format on

// What a word brings.
struct Shape {
    TlsWord word;
    std::size_t max_bytes;
    std::size_t descriptors;
};
constexpr std::array shapes{
    Shape{TlsWord::client, max_tls_peer, 1},
    Shape{TlsWord::ready, 0, 0},
    Shape{TlsWord::note, max_tls_text, 0},
    Shape{TlsWord::signer, max_tls_peer, 1},
    Shape{TlsWord::want_signer, 0, 0},
    Shape{TlsWord::lingers, 0, 0},
    Shape{TlsWord::sign, max_to_sign, 0},
    Shape{TlsWord::signature, max_signature, 0},
    Shape{TlsWord::begin, TermFields::size, 2},
    Shape{TlsWord::data, 0, 2},
    Shape{TlsWord::whole, 0, 0},
    Shape{TlsWord::broken_off, 0, 0},
    Shape{TlsWord::ticket, 0, 0},
    Shape{TlsWord::ask_acknowledged, 0, 0},
    Shape{TlsWord::secured, max_tls_text, 0},
    Shape{TlsWord::ended, max_tls_text, 0},
    Shape{TlsWord::sent, max_tls_text, 0},
    Shape{TlsWord::acknowledged, 0, 0},
    Shape{TlsWord::certificate, 2 * ServerCertificate::digest + max_tls_text, 0},
    Shape{TlsWord::accept, 0, 0},
};

[[noreturn]] void refuse() { throw PeerError("a frame of suite-tls is malformed"); }

const Shape& shape_of(TlsWord word) {
    const auto* const found = std::ranges::find(shapes, word, &Shape::word);
    if (found == shapes.end()) refuse();
    return *found;
}

bool is_limit(std::chrono::seconds limit) {
    return limit >= std::chrono::seconds{1} && limit <= max_relay_limit;
}

void check(const RelayTerms& terms) {
    if (terms.protocol > RelayTerms::Protocol::irc || terms.least_minor < 2 || terms.least_minor > 3 ||
        !is_limit(terms.handshake_limit) || !is_limit(terms.stall_limit))
        refuse();
}

} // namespace

std::string pack_tls_frame(const TlsFrame& frame) {
    if (frame.bytes.size() > shape_of(frame.word).max_bytes) refuse();
    const auto fields = Fields::pack(static_cast<std::uint8_t>(frame.word), frame.number, frame.detail);
    return std::string{fields.data(), fields.size()}.append(frame.bytes);
}

TlsFrame unpack_tls_frame(std::span<const char> packet) {
    if (packet.size() < Fields::size) refuse();
    const auto [word, number, detail] = Fields::unpack(packet.first(Fields::size));
    const std::span<const char> rest = packet.subspan(Fields::size);
    TlsFrame frame{static_cast<TlsWord>(word), number, detail, {}};
    if (rest.size() > shape_of(frame.word).max_bytes) refuse();
    frame.bytes.assign(rest.data(), rest.size());
    return frame;
}

std::string pack_terms(const RelayTerms& terms) {
    check(terms);
    const auto fields = TermFields::pack(static_cast<std::uint8_t>(terms.protocol), terms.least_minor,
                                         static_cast<std::uint32_t>(terms.handshake_limit.count()),
                                         static_cast<std::uint32_t>(terms.stall_limit.count()));
    return {fields.data(), fields.size()};
}

RelayTerms unpack_terms(std::string_view bytes) {
    if (bytes.size() != TermFields::size) refuse();
    const auto [protocol, minor, handshake, stall] = TermFields::unpack(bytes);
    const RelayTerms terms{static_cast<RelayTerms::Protocol>(protocol), minor,
                           std::chrono::seconds{handshake}, std::chrono::seconds{stall}};
    check(terms);
    return terms;
}

std::string pack_certificate(const ServerCertificate& certificate) {
    constexpr std::size_t digest = ServerCertificate::digest;
    if (certificate.fingerprint.size() != digest || certificate.key.size() != digest) refuse();
    return certificate.fingerprint + certificate.key + certificate.doubt.substr(0, max_tls_text);
}

ServerCertificate unpack_certificate(std::string_view bytes) {
    constexpr std::size_t digest = ServerCertificate::digest;
    if (bytes.size() < 2 * digest) refuse();
    return {std::string{bytes.substr(0, digest)}, std::string{bytes.substr(digest, digest)},
            std::string{bytes.substr(2 * digest)}};
}

std::uint32_t pack_security(RelaySecurity security) {
    return security.minor | (security.is_resumed ? 0x100U : 0U);
}

RelaySecurity unpack_security(std::uint32_t detail) {
    if (detail > 0x1ff) refuse();
    return {static_cast<std::uint8_t>(detail & 0xff), (detail & 0x100) != 0};
}

std::string_view name_of_cipher(std::string_view all) {
    const std::size_t begin = all.rfind('(');
    if (begin == all.npos) return all;
    return all.substr(begin + 1, all.find(')', begin) - begin - 1);
}

RelayDirection direction_of(const TlsFrame& frame) {
    const auto direction = static_cast<RelayDirection>(frame.detail);
    if (direction != RelayDirection::to_client && direction != RelayDirection::from_client) refuse();
    return direction;
}

RelayEnd end_of(const TlsFrame& frame) {
    const auto end = static_cast<RelayEnd>(frame.detail);
    if (end > RelayEnd::gone) refuse();
    return end;
}

Acknowledgement acknowledgement_of(const TlsFrame& frame) {
    const auto answer = static_cast<Acknowledgement>(frame.detail);
    if (answer > Acknowledgement::late) refuse();
    return answer;
}

Severity severity_of(const TlsFrame& frame) {
    if (frame.number > static_cast<std::uint32_t>(Severity::detail)) refuse();
    return static_cast<Severity>(frame.number);
}

TlsReceived receive_tls_frame(int pair, std::initializer_list<TlsWord> expected, Complaints complaints,
                              Lack lack) {
    std::array<char, max_tls_packet> packet;
    const bool may_complain = complaints == Complaints::taken;
    Tolerated tolerated = may_complain ? Tolerated::longer : Tolerated::nothing;
    if (lack == Lack::is_told) tolerated = Tolerated::lack_of_descriptors;
    Received got = receive_packet(pair, packet, 2, tolerated);
    if (got.state != IoState::done) return {.state = got.state};
    if (may_complain && is_text_byte(packet[0]))
        return {.state = got.state, .said = {packet.data(), got.bytes}};
    if (got.is_cut) refuse();
    TlsReceived received{got.state, unpack_tls_frame(std::span{packet}.first(got.bytes)),
                         std::move(got.passed), std::move(got.second)};
    received.lacks_descriptors = got.lacks_descriptors;
    const std::size_t descriptors = (received.first ? 1U : 0U) + (received.second ? 1U : 0U);
    if (std::ranges::find(expected, received.frame.word) == expected.end() ||
        (!got.lacks_descriptors && descriptors != shape_of(received.frame.word).descriptors))
        refuse();
    return received;
}

IoState send_tls_frame(int pair, const TlsFrame& frame, int first, int second) {
    return send_packet(pair, pack_tls_frame(frame), first, second);
}

} // namespace common
