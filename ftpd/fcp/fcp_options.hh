// SPDX-License-Identifier: ISC
// The command-line options of fcp and fls, apart from their main() so that a test can hold the manual and the
// completion to them.
#pragma once

#include "common/options.hh"
#include "common/tls/tls_wish.hh"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ftpd {

inline constexpr std::uint16_t default_port = 2121;
inline constexpr std::uint16_t default_tls_port = 990; // of servers that begin with TLS
inline constexpr std::string_view fcp_operands = "SOURCE ... TARGET";
inline constexpr std::string_view fls_operands = "[USER@]HOST:[PATH]|URL ...";

struct FcpOptions {
    enum class Action { run, show_version, show_usage };
    Action action = Action::run;
    std::uint16_t port = 0; // 0: not said
    common::TlsWish tls;
    bool recursive = false;
    bool follows_links = false; // that are met in folders
    // fcp
    bool quiet = false;
    bool continues = false;
    bool keeps_facts = false;
    // fls
    bool is_long = false;
    bool shows_hidden = false;
    bool marks_folders = false;
};

// The tables that fill wanted, which must outlive them.
std::vector<common::Option> fcp_options(FcpOptions& wanted);
std::vector<common::Option> fls_options(FcpOptions& wanted);

} // namespace ftpd
