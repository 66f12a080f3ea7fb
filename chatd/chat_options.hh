// SPDX-License-Identifier: ISC
// The command line of chat, apart from its main() so that a test can hold the manual to it.
#pragma once

#include "common/address.hh"
#include "common/options.hh"

#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct ChatOptions {
    enum class Action { talk, show_version, show_usage };
    Action action = Action::talk;
};

inline constexpr std::string_view chat_operands = "HOST[:PORT] | PATH";
inline constexpr std::string_view default_port = "2323";

// The table that fills wanted, which must outlive it.
std::vector<common::Option> chat_options(ChatOptions& wanted);

// Where the server named by the operand is: HOST, HOST:PORT, [IPV6], [IPV6]:PORT; a PATH has a slash in it,
// or unix: before it. Throws as resolve_address does.
std::vector<common::Address> server_addresses(std::string_view operand);

} // namespace chatd
