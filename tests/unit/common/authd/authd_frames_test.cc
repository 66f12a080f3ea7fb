// SPDX-License-Identifier: ISC
// Packets of authd: what is packed is unpacked, and nothing else is.
#include "common/authd/authd_frames.hh"
#include "common/errors.hh"

#include <doctest/doctest.h>
#include <functional>

using namespace common;

namespace {

std::string question(LoginKind kind, std::string_view name, std::string_view password) {
    return std::string{pack_question(kind, name, password).view()};
}

const std::vector<std::function<void(std::span<const char>)>> readers{
    [](auto packet) { unpack_client(packet); },   [](auto packet) { unpack_configuration(packet); },
    [](auto packet) { unpack_secret(packet); },   [](auto packet) { unpack_note(packet); },
    [](auto packet) { unpack_question(packet); }, [](auto packet) { unpack_verdict(packet); },
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("authd frames: what is packed is unpacked") {
        CHECK(unpack_client(pack_client("2001:db8::/64")) == "2001:db8::/64");
        const Configuration configuration =
            unpack_configuration(pack_configuration({7, std::chrono::seconds{100}, 64}));
        CHECK(configuration.tries == 7);
        CHECK(configuration.holdoff == std::chrono::seconds{100});
        CHECK(configuration.secrets == 64);
        const StoredSecret secret = unpack_secret(pack_secret({"den", "$6$x$0123456789abcdefghijkl"}));
        CHECK(secret.name == "den");
        CHECK(secret.hash == "$6$x$0123456789abcdefghijkl");
        const Note note = unpack_note(pack_note(Severity::warning, std::string(max_note + 5, 'x')));
        CHECK(note.severity == Severity::warning);
        CHECK(note.text == std::string(max_note, 'x'));
        const Question asked = unpack_question(question(LoginKind::secret, "den", "open, please"));
        CHECK(asked.kind == LoginKind::secret);
        CHECK(asked.name == "den");
        CHECK(asked.password.view() == "open, please");
        const Verdict verdict = unpack_verdict(pack_verdict(
            {Verdict::Kind::accepted, 2, std::chrono::seconds{3}, "ann", "/ann", "list", "rate-up=1"}));
        CHECK(verdict.kind == Verdict::Kind::accepted);
        CHECK(verdict.tries_left == 2);
        CHECK(verdict.wait == std::chrono::seconds{3});
        CHECK(verdict.name == "ann");
        CHECK(verdict.home == "/ann");
        CHECK(verdict.rights == "list");
        CHECK(verdict.limits == "rate-up=1");
    }

    TEST_CASE("authd frames: the longest fit and what is longer is refused where it is packed") {
        const std::string name(max_user_name, 'n'), password(max_password, 'p');
        CHECK(unpack_question(question(LoginKind::user, name, password)).password.view() == password);
        CHECK_THROWS_AS(question(LoginKind::user, name + 'n', "x"), PeerError);
        CHECK_THROWS_AS(question(LoginKind::user, "x", password + 'p'), PeerError);
        CHECK_THROWS_AS(question(LoginKind::user, std::string_view{"a\0b", 3}, "x"), PeerError);
        CHECK_THROWS_AS(question(LoginKind::user, "x", std::string_view{"a\0b", 3}), PeerError);
        CHECK_THROWS_AS(pack_client(std::string(max_client_address + 1, '1')), PeerError);
        CHECK_THROWS_AS(pack_configuration({3, {}, max_secrets + 1}), PeerError);
        CHECK_THROWS_AS(pack_secret({std::string(max_user_name + 1, 'x'), "*"}), PeerError);
    }

    TEST_CASE("authd frames: a question with a wrong length or kind or byte is refused") {
        const std::string good = question(LoginKind::user, "ann", "pw");
        const auto with = [&](std::size_t at, char byte) {
            std::string changed = good;
            changed[at] = byte;
            return changed;
        };
        CHECK_NOTHROW(unpack_question(good));
        CHECK_THROWS_AS(unpack_question(with(0, 30)), PeerError);                 // another packet's number
        CHECK_THROWS_AS(unpack_question(with(1, 0)), PeerError);                  // no kind
        CHECK_THROWS_AS(unpack_question(with(1, 4)), PeerError);                  // no kind
        CHECK_THROWS_AS(unpack_question(with(2, 100)), PeerError);                // a name beyond the end
        CHECK_THROWS_AS(unpack_question(with(3, '\xff')), PeerError);             // far beyond
        CHECK_THROWS_AS(unpack_question(with(good.size() - 1, '\0')), PeerError); // a NUL in the password
        CHECK_THROWS_AS(unpack_question(with(QuestionFields::size, '\0')), PeerError); // and in the name
        CHECK_THROWS_AS(unpack_question(good + std::string(max_password, 'x')), PeerError);
        CHECK_THROWS_AS(unpack_question(std::string(max_authd_packet + 1, 'x')), PeerError);
    }

    TEST_CASE("authd frames: a secret that is no hash and a severity or verdict that is none are refused") {
        std::string bytes = pack_secret({"den", "a:b"});
        CHECK_THROWS_AS(unpack_secret(bytes), PeerError);
        bytes = pack_note(Severity::detail, "x");
        bytes[1] = 4;
        CHECK_THROWS_AS(unpack_note(bytes), PeerError);
        bytes = pack_verdict({});
        bytes[1] = 5;
        CHECK_THROWS_AS(unpack_verdict(bytes), PeerError);
        bytes = pack_configuration({3, {}, 0});
        CHECK_THROWS_AS(unpack_configuration(bytes + 'x'), PeerError);
    }

    TEST_CASE("authd frames: any bytes are read or refused and never more") {
        unsigned seed = 7;
        const auto next = [&] { return seed = seed * 1103515245U + 12345U, (seed >> 16) & 0xffU; };
        for (int round = 0; round < 20'000; ++round) {
            std::string bytes;
            for (unsigned left = next() % 40; left > 0; --left)
                bytes += static_cast<char>(next() % 3 == 0 ? next() : next() % 4);
            for (const auto& read : readers) {
                try {
                    read(bytes);
                } catch (const PeerError&) {
                    continue;
                }
            }
        }
        for (const auto& read : readers) CHECK_THROWS_AS(read({}), PeerError);
        CHECK_THROWS_AS(number_of({}), PeerError);
    }
}
