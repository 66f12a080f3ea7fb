// SPDX-License-Identifier: ISC
// The command-line options of ftpctl and chatctl, apart from their main() so that a test can hold the manuals
// to them.
#pragma once

#include "common/options.hh"

#include <string>
#include <string_view>
#include <vector>

namespace common {

struct CtlOptions {
    enum class Action { ask, show_version, show_usage };
    Action action = Action::ask;
    std::string socket; // empty: the one that config names, or the daemon's default
    std::string users;  // the user file, for `user'; empty: the one that config names
    std::string config; // empty: none
};

inline constexpr std::string_view ctl_operands = "VERB [ARGUMENT ...]";

// The table that fills wanted, which must outlive it.
std::vector<Option> ctl_options(CtlOptions& wanted);

} // namespace common
