// SPDX-License-Identifier: ISC
#include "chatd/spawner/execute.hh"

#include "chatd/phrases.hh"
#include "chatd/protocol.hh"
#include "common/child_rights.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/signals.hh"
#include "common/text.hh"

#include <array>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

using namespace common;

namespace chatd {

void execute_spawner(const Executable& program, const Fd& pair, bool may_complain,
                     const std::optional<Identity>& user) {
    if (pair.get() == spawner_fd)
        checked("keep open", "the pair", [&] { return ::fcntl(spawner_fd, F_SETFD, 0); });
    else
        checked("duplicate", "the pair", [&] { return ::dup2(pair.get(), spawner_fd); });
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, spawner_fd, program.fd()});
    discard_standard_input_and_output();
    if (!may_complain) checked("duplicate", "/dev/null", [] { return ::dup2(STDIN_FILENO, STDERR_FILENO); });
    Signals::let_all_in();
    std::vector<std::string> arguments{std::string{spawner_name}, folder_of_program(program.path())};
    if (user) arguments.insert(arguments.end(), {text(user->uid), text(user->gid)});
    program.execute(arguments);
}

void become_spawners_user(std::span<char* const> arguments) {
    if (arguments.size() < 4) return;
    const auto uid = parse_number<uid_t>(arguments[2], 1);
    const auto gid = parse_number<gid_t>(arguments[3], 1);
    if (!uid || !gid) throw UsageError("the keeper names no user");
    become_maker_of_children({*uid, *gid, arguments[2]});
}

} // namespace chatd
