// SPDX-License-Identifier: ISC
// The lasting processes of a daemon under test, and what the kernel says of them: for tests of rights,
// descriptors and deaths (Linux).
#pragma once

#include "tests/e2e/daemon.hh"

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace e2e {

// What the keeper has started beside the main process. On Linux those are its children, too, whose parent has
// died, sessions and handlers: they hold a client's socket, or are about to end.
std::vector<pid_t> others_of(const Daemon& daemon);

// The keeper's child that checks passwords; waits until there is one. The daemon has no sweeper.
pid_t authd_of(const Daemon& daemon);

// The fields of /proc/PID/status, as words: at("Uid") is four of them. Empty for a process that is gone.
std::map<std::string, Words> fields_of(pid_t pid);

// A user's numbers, as /proc shows them.
struct Ids {
    std::string user, group;
};
Ids ids_of(const std::string& name);

// What the descriptors of a process lead to, sorted: what names calls a target, or else "pair"
// (SOCK_SEQPACKET), "unix listener", "unix", "unix datagram", "tcp listener", "tcp", "epoll", "pipe", "null",
// "pages" (shared memory), or the target itself.
Words kinds_of(pid_t pid, const std::map<std::string, std::string>& names = {});

void wait_until_gone(const std::vector<pid_t>& pids); // a zombie is gone

} // namespace e2e
