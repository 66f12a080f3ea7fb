// SPDX-License-Identifier: ISC
// What numeric 005 tells a client of this server: each token once, made from the caps of the protocol. Run by
// handlers. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

inline constexpr std::size_t most_tokens = 13; // of one line
inline constexpr unsigned most_history = 100;  // lines of one answer to CHATHISTORY
inline constexpr std::size_t most_targets = 4; // of one PRIVMSG, NOTICE, KICK and the like
inline constexpr std::size_t most_modes = 8;   // changes of one MODE that have a parameter
inline constexpr std::string_view network = "chat";

// All tokens, in groups of at most most_tokens: the parameters of a 005 each.
std::vector<std::vector<std::string>> isupport();

} // namespace chatd::irc
