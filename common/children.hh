// SPDX-License-Identifier: ISC
// The children of a process: forking them, counting them per client address, reaping them; and those that a
// process before it has forked. Run by whatever forks: ftpd's parent, chatd's hub and spawner, authd. A child
// never returns into its parent's code.
#pragma once

#include "common/fd.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace common {

struct Child {
    std::string role{};       // leads its log lines: session, authd, handler
    std::string address{};    // its client's network, for counting; empty: not counted
    std::uint64_t number = 0; // what its parent knows it by, where pids will not do
    Fd pair{};                // the parent's end, if it has one: kept until its end has been told
    std::function<void(int signal)> reach{}; // how one that was adopted is signalled
};

struct Ended {
    pid_t pid;
    Child child;
    int status; // of waitpid(2)
};

// "exit 0", "signal 9 (Killed)".
std::string describe_status(int status);

// Collects every child of this process that has ended and calls on_end for each. Some may be
// unknown to us: the process that started us has left them.
void reap_children(const std::function<void(pid_t pid, int status)>& on_end);

// Whether it is a child of this process that was not collected, so that its number can be nobody else's.
bool is_child(pid_t pid);

class Children {
public:
    // Forks. In the child: body runs and its result, or 1 for an exception, is the exit status; nothing of
    // the parent's stack is unwound. body must first let go of what is the parent's alone. In the parent: the
    // pid; no value when fork(2) failed: the caller pauses.
    std::optional<pid_t> spawn(Child child, const std::function<int()>& body);
    // Another process has forked it: it is counted like the others, signalled as child.reach does it, and
    // never reaped here; its end is told with end(). False: there is one of this number already.
    bool adopt(pid_t pid, Child child);

    using OnOther = std::function<void(pid_t pid, int status)>;

    // Collects every child of this process that has ended and calls on_end for each, in any order; on_other
    // for one that is not of this set.
    void reap(const std::function<void(Ended)>& on_end, const OnOther& on_other = nullptr);
    // The same for one that may have ended: among many thousands that is a thousand times quicker, since the
    // system walks along all of them to find who has.
    void reap_one(pid_t pid, const std::function<void(Ended)>& on_end);
    // Calls on_end for a child that was collected elsewhere; false: it is not of this set.
    bool end(pid_t pid, int status, const std::function<void(Ended)>& on_end);
    // Waits for all of the set, of which none was adopted. Used after they were told to end.
    void wait_for_all(std::chrono::steady_clock::time_point deadline,
                      const std::function<void(Ended)>& on_end, const OnOther& on_other = nullptr);

    std::size_t size() const { return by_pid_.size(); }
    std::size_t count_from(const std::string& address) const;
    const std::map<pid_t, Child>& all() const { return by_pid_; }
    Child* find(pid_t pid);
    // Of this set only: a pid that was reaped may be another process's by now, and is left alone.
    void signal(pid_t pid, int signal) const;
    void signal_all(int signal) const;

private:
    std::map<pid_t, Child> by_pid_;
    std::map<std::string, std::size_t> by_address_;
};

} // namespace common
