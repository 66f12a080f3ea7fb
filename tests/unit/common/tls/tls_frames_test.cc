// SPDX-License-Identifier: ISC
// What goes between the processes of suite-tls and those of a daemon, and what of it is refused.
#include "common/tls/tls_frames.hh"

#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/socket.hh"

#include <doctest/doctest.h>
#include <string>

using namespace common;
using namespace std::chrono_literals;

namespace {

std::string packed(TlsWord word, std::string bytes = {}, std::uint32_t number = 0, std::uint32_t detail = 0) {
    return pack_tls_frame({word, number, detail, std::move(bytes)});
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("tls frames: what is packed is unpacked") {
        const TlsFrame frame = unpack_tls_frame(packed(TlsWord::sign, "a hash", 3, 0x1234567));
        CHECK(frame.word == TlsWord::sign);
        CHECK(frame.number == 3);
        CHECK(frame.detail == 0x1234567);
        CHECK(frame.bytes == "a hash");
    }

    TEST_CASE("tls frames: no word is a byte of text so that a child's complaint is never taken for one") {
        for (int word = 0; word < 256; ++word) {
            std::string packet = packed(TlsWord::want_signer);
            packet[0] = static_cast<char>(word);
            if (is_text_byte(packet[0])) CHECK_THROWS_AS(unpack_tls_frame(packet), PeerError);
        }
    }

    TEST_CASE("tls frames: one that is short or too long or of no word is refused") {
        CHECK_THROWS_AS(unpack_tls_frame(std::string_view{}), PeerError);
        const std::string whole = packed(TlsWord::ticket);
        CHECK_THROWS_AS(unpack_tls_frame(std::string_view{whole}.substr(0, whole.size() - 1)), PeerError);
        CHECK_THROWS_AS(unpack_tls_frame(whole + "x"), PeerError); // it brings no bytes
        CHECK_THROWS_AS(packed(TlsWord::ticket, "x"), PeerError);
        CHECK_THROWS_AS(packed(TlsWord::sign, std::string(max_to_sign + 1, 'x')), PeerError);
        CHECK_NOTHROW(packed(TlsWord::sign, std::string(max_to_sign, 'x')));
        CHECK_THROWS_AS(packed(static_cast<TlsWord>(31)), PeerError);
    }

    TEST_CASE("tls frames: a certificate is two digests and a doubt") {
        const ServerCertificate shown{std::string(32, 'a'), std::string(32, 'b'), "it has expired"};
        const ServerCertificate back = unpack_certificate(pack_certificate(shown));
        CHECK(back.fingerprint == shown.fingerprint);
        CHECK(back.key == shown.key);
        CHECK(back.doubt == "it has expired");
        CHECK(unpack_certificate(std::string(64, 'x')).doubt.empty());
        CHECK_THROWS_AS(unpack_certificate(std::string(63, 'x')), PeerError);
        CHECK_THROWS_AS(pack_certificate({"short", std::string(32, 'b'), {}}), PeerError);
        CHECK_THROWS_AS(packed(TlsWord::certificate, std::string(64 + max_tls_text + 1, 'x')), PeerError);
    }

    TEST_CASE("tls frames: terms are checked on both sides") {
        const RelayTerms terms{RelayTerms::Protocol::irc, 3, 20s, 40s};
        const std::string bytes = pack_terms(terms);
        const RelayTerms back = unpack_terms(bytes);
        CHECK(back.protocol == terms.protocol);
        CHECK(back.least_minor == 3);
        CHECK(back.handshake_limit == 20s);
        CHECK(back.stall_limit == 40s);
        CHECK_THROWS_AS(unpack_terms(bytes + "x"), PeerError);
        CHECK_THROWS_AS(unpack_terms(bytes.substr(1)), PeerError);
        for (const auto& [place, byte] : {std::pair{0, 2}, {1, 1}, {1, 4}}) {
            std::string wrong = bytes;
            wrong[static_cast<std::size_t>(place)] = static_cast<char>(byte);
            CHECK_THROWS_AS(unpack_terms(wrong), PeerError);
        }
        CHECK_THROWS_AS(pack_terms({.least_minor = 1}), PeerError);
        CHECK_THROWS_AS(pack_terms({.handshake_limit = 0s}), PeerError);
        CHECK_THROWS_AS(pack_terms({.stall_limit = max_relay_limit + 1s}), PeerError);
    }

    TEST_CASE("tls frames: details that mean nothing are refused") {
        CHECK(direction_of({TlsWord::data, 1, 2, {}}) == RelayDirection::from_client);
        CHECK_THROWS_AS(direction_of({TlsWord::data, 1, 0, {}}), PeerError);
        CHECK_THROWS_AS(direction_of({TlsWord::data, 1, 3, {}}), PeerError);
        CHECK(end_of({TlsWord::ended, 1, 1, {}}) == RelayEnd::cut);
        CHECK(end_of({TlsWord::ended, 1, 2, {}}) == RelayEnd::bare);
        CHECK(end_of({TlsWord::ended, 1, 3, {}}) == RelayEnd::gone);
        CHECK_THROWS_AS(end_of({TlsWord::ended, 1, 4, {}}), PeerError);
        CHECK_THROWS_AS(severity_of({TlsWord::note, 99, 0, {}}), PeerError);
        const RelaySecurity security = unpack_security(pack_security({3, true}));
        CHECK(security.minor == 3);
        CHECK(security.is_resumed);
        CHECK_THROWS_AS(unpack_security(0x200), PeerError);
    }

    TEST_CASE("tls frames: descriptors come with those words that bring them and with no others") {
        const auto [ours, theirs] = make_packet_pair();
        const auto send = [&, &ours = ours](const TlsFrame& frame, int first, int second) {
            REQUIRE(send_tls_frame(ours.get(), frame, first, second) == IoState::done);
        };
        const auto receive = [&, &theirs = theirs] {
            return receive_tls_frame(theirs.get(), {TlsWord::data, TlsWord::whole});
        };
        const TlsFrame data{TlsWord::data, 1, 1, {}};
        send(data, 0, 1);
        const TlsReceived got = receive();
        CHECK(got.first);
        CHECK(got.second);
        send(data, 0, -1);
        CHECK_THROWS_AS(receive(), PeerError);
        send({TlsWord::whole, 1, 0, {}}, 0, -1);
        CHECK_THROWS_AS(receive(), PeerError);
        send({TlsWord::ticket, 0, 0, {}}, -1, -1); // not meant for whoever reads here
        CHECK_THROWS_AS(receive(), PeerError);
        CHECK(receive().state == IoState::would_block);
    }

    TEST_CASE("tls frames: what a child complains of is told apart where that may come") {
        const auto [ours, theirs] = make_packet_pair();
        REQUIRE(send_packet(ours.get(), std::string_view{"out of memory\n"}) == IoState::done);
        CHECK(receive_tls_frame(theirs.get(), {}, Complaints::taken).said == "out of memory\n");
        REQUIRE(send_packet(ours.get(), std::string_view{"out of memory\n"}) == IoState::done);
        CHECK_THROWS_AS(receive_tls_frame(theirs.get(), {}), PeerError);
    }
}
