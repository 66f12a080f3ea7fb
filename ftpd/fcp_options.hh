// SPDX-License-Identifier: ISC
// The command-line options of fcp and fls, apart from their main() so that a test can hold the manual to
// them.
#pragma once

#include "common/options.hh"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ftpd {

inline constexpr std::uint16_t default_port = 2121;
inline constexpr std::string_view fcp_operands = "HOST:PATH LOCAL | LOCAL HOST:PATH";
inline constexpr std::string_view fls_operands = "HOST:[PATH]";

struct FcpOptions {
    enum class Action { run, show_version, show_usage };
    Action action = Action::run;
    std::uint16_t port = default_port;
    bool quiet = false;
};

// The tables that fill wanted, which must outlive them.
std::vector<common::Option> fcp_options(FcpOptions& wanted);
std::vector<common::Option> fls_options(FcpOptions& wanted);

} // namespace ftpd
