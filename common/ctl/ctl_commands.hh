// SPDX-License-Identifier: ISC
// What ftpctl and chatctl take on their command line, apart from their main() so that tests can hold the
// manuals to it: the options, and the commands of `user', which edit the user file itself, whether or not the
// daemon runs, which sees the change at the next login.
#pragma once

#include "common/config.hh"
#include "common/options.hh"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

struct UserTable;

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

struct UserCommand {
    std::string_view name;
    std::string_view arguments; // as the manuals show them
    std::size_t least, most;    // arguments
    bool needs_file;            // else the path is empty
    void (*run)(const std::string& path, const UserTable& table, Words arguments);
};
std::span<const UserCommand> user_commands(); // what the manuals list

// words: those after `user'. Prints what is asked for; the exit status. Throws UsageError for words that are
// wrong, UserError and std::system_error.
int run_user_command(std::string_view daemon, const CtlOptions& options, Words words);

inline constexpr std::string_view certificate_syntax = "certificate make CERT KEY [HOST ...]";
// words: those after `certificate'. Becomes suite-tls, which does it. path: of this program, and its name.
// Throws as above.
[[noreturn]] void run_certificate_command(const std::string& path, std::string_view name, Words words);

} // namespace common
