// SPDX-License-Identifier: ISC
// `ftpctl user ...' and `chatctl user ...': edits the user file itself, whether or not the daemon runs, which
// sees the change at the next login.
#pragma once

#include "common/config.hh"
#include "common/ctl/ctl_options.hh"

#include <span>
#include <string_view>

namespace common {

struct UserTable;

struct UserCommand {
    std::string_view name;
    std::string_view arguments; // as the manuals show them
    std::size_t least, most;    // arguments
    bool needs_file;            // else the path is empty
    void (*run)(const std::string& path, const UserTable& table, Words arguments);
};
std::span<const UserCommand> user_commands(); // what the manuals list

// words: those behind `user'. Prints what is asked for; the exit status. Throws UsageError for words that are
// wrong, UserError and std::system_error.
int run_user_command(std::string_view daemon, const CtlOptions& options, Words words);

} // namespace common
