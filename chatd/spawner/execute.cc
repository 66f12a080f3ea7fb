// SPDX-License-Identifier: ISC
#include "chatd/spawner/execute.hh"

#include "chatd/phrases.hh"
#include "chatd/protocol.hh"
#include "common/child_rights.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/text.hh"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace common;

namespace chatd {

int execute_spawner(const std::string& program, const Fd& pair, bool may_complain,
                    const std::optional<Identity>& user) {
    std::string name{spawner_name};
    std::string folder = folder_of_program(program);
    std::string uid = user ? text(user->uid) : "", gid = user ? text(user->gid) : "";
    const std::array<char*, 5> arguments{name.data(), folder.data(), user ? uid.data() : nullptr, gid.data(),
                                         nullptr};
    if (pair.get() == spawner_fd)
        checked("keep open", "the pair", [&] { return ::fcntl(spawner_fd, F_SETFD, 0); });
    else
        checked("duplicate", "the pair", [&] { return ::dup2(pair.get(), spawner_fd); });
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, spawner_fd});
    discard_standard_input_and_output();
    if (!may_complain) checked("duplicate", "/dev/null", [] { return ::dup2(STDIN_FILENO, STDERR_FILENO); });
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(program.c_str(), arguments.data());
    fail("execute", program);
}

void become_spawners_user(std::span<char* const> arguments) {
    if (arguments.size() < 4) return;
    const auto uid = parse_number<uid_t>(arguments[2], 1);
    const auto gid = parse_number<gid_t>(arguments[3], 1);
    if (!uid || !gid) throw UsageError("the keeper names no user");
    become_maker_of_children({*uid, *gid, arguments[2]});
}

} // namespace chatd
