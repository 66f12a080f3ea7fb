// SPDX-License-Identifier: ISC
// What authd, its parent and the clients' processes say to each other: every packet in one table, declared as
// packed structs. A packet is its number, its fields, and then its texts, whose lengths are among the fields
// (the last text goes to the packet's end). Whoever reads one checks each length, and that nothing is left.
#pragma once

#include "common/authd/login.hh"
#include "common/authd/password.hh"
#include "common/authd/user_file.hh"
#include "common/log.hh"
#include "common/pack/pack.hh"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace common {

// Caps, in bytes. What is longer is refused, never cut.
inline constexpr std::size_t max_client_address = 64; // where a client is from
inline constexpr std::size_t max_note = 512;          // a line for the log
inline constexpr std::size_t max_authd_packet = 2048; // any packet
inline constexpr std::size_t max_secrets = 64;        // how many

enum class AuthdPacket : std::uint8_t {
    // parent to authd
    client = 1,    // with authd's end of a new client's pair
    configure = 2, // the secrets follow, as many as it says, and take the place of those there are
    secret = 3,
    // authd to parent
    note = 8, // a line for the log
    // client to authd
    question = 20,
    // authd to client
    verdict = 30,
};

// clang-format off
using ClientFields    = pack::Struct<"=B">;        // number; the address
using ConfigureFields = pack::Struct<"=BIIH">;     // number, tries, longest hold-off (s), secrets that follow
using SecretFields    = pack::Struct<"=BH">;       // number, bytes of the name; the name, the hash
using NoteFields      = pack::Struct<"=BB">;       // number, Severity; the line
using QuestionFields  = pack::Struct<"=BBH">;      // number, LoginKind, bytes of the name; the name, the password
using VerdictFields   = pack::Struct<"=BBIIHHH">;  // number, Verdict::Kind, tries left, wait (s), bytes of name, home, rights; these, the limits
// clang-format on

// A secret that is not a user's: the code of a room.
struct StoredSecret {
    std::string name;
    std::string hash;
};
struct Configuration {
    unsigned tries = 3;
    std::chrono::seconds holdoff{300};
    std::size_t secrets = 0;
};
struct Question {
    LoginKind kind{};
    std::string name;
    Secret password;
};

// What makes a packet throws PeerError for what a reader would refuse; what reads one throws PeerError for
// any fault. number_of: of any packet that has one byte.
AuthdPacket number_of(std::span<const char> packet);
std::string pack_client(std::string_view address);
std::string unpack_client(std::span<const char> packet);
std::string pack_configuration(const Configuration& configuration);
Configuration unpack_configuration(std::span<const char> packet);
std::string pack_secret(const StoredSecret& secret);
StoredSecret unpack_secret(std::span<const char> packet);
std::string pack_note(Severity severity, std::string_view text); // cut at max_note
Note unpack_note(std::span<const char> packet);
Secret pack_question(LoginKind kind, std::string_view name, std::string_view password);
Question unpack_question(std::span<const char> packet);
std::string pack_verdict(const Verdict& verdict);
Verdict unpack_verdict(std::span<const char> packet);

} // namespace common
