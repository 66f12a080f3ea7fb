// SPDX-License-Identifier: ISC
// The command line of chat, apart from its main() so that a test can hold the manual to it.
#pragma once

#include "common/address.hh"
#include "common/options.hh"
#include "common/tls/tls_wish.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct ChatOptions {
    enum class Action { talk, show_version, show_usage };
    Action action = Action::talk;
    std::string language; // empty: the server's
    bool is_lines_only = false;
    std::string name; // empty: not told
    std::string server;
    common::TlsWish tls; // implicit or off
    std::optional<std::string> code;
};

inline constexpr std::string_view chat_operands = "[NAME@]HOST[:PORT] | URL | PATH [ROOM-CODE]";
inline constexpr std::uint16_t default_port = 2323;
inline constexpr std::uint16_t default_tls_port = 6697; // RFC 7194

// The table that fills wanted, which must outlive it.
std::vector<common::Option> chat_options(ChatOptions& wanted);
// Fills in the name, server and room. Throws UsageError, except for actions that need none of them.
void take_operands(const std::vector<std::string>& operands, ChatOptions& wanted);

// Where the server named by the operand is: HOST, HOST:PORT, [IPV6], [IPV6]:PORT; a PATH has a slash in it,
// or unix: before it. usual_port: where none is said. Throws as resolve_address does.
std::vector<common::Address> server_addresses(std::string_view operand,
                                              std::uint16_t usual_port = default_port);
// The host in it, without brackets; empty for a path.
std::string server_host(std::string_view operand);

} // namespace chatd
