// SPDX-License-Identifier: ISC
// How the keeper's child becomes the spawner: this program executed anew, so that nothing of what the keeper
// has read is in the memory of what the spawner forks.
#pragma once

#include "common/fd.hh"
#include "common/keeper/executable.hh"
#include "common/privileges.hh"

#include <optional>
#include <span>
#include <string>

namespace chatd {

// Executes program under the spawner's name. user: whom it becomes there. pair: its end of one with the hub,
// which alone stays open beside 0 to 2 and the program's file; these are /dev/null, but standard error only
// unless may_complain. Throws std::system_error when it cannot.
[[noreturn]] void execute_spawner(const common::Executable& program, const common::Fd& pair,
                                  bool may_complain, const std::optional<common::Identity>& user);
// In the program that was executed: becomes the user that its arguments name, if they name one, and keeps
// what forking handlers takes.
void become_spawners_user(std::span<char* const> arguments);

} // namespace chatd
