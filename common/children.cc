// SPDX-License-Identifier: ISC
#include "common/children.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <cstring>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace common {

namespace {

void send_signal(pid_t pid, const Child& child, int signal) {
    if (child.reach)
        child.reach(signal);
    else
        ::kill(pid, signal);
}

} // namespace

std::string describe_status(int status) {
    if (WIFSIGNALED(status))
        return text("signal ", WTERMSIG(status), " (", ::strsignal(WTERMSIG(status)), ')');
    return text("exit ", WEXITSTATUS(status));
}

std::optional<pid_t> Children::spawn(Child child, const std::function<int()>& body) {
    // All room for it is found before: a child that nobody knows of would never be told to end.
    std::map<pid_t, Child> known;
    auto node = known.extract(known.emplace(0, std::move(child)).first);
    const std::string& address = node.mapped().address;
    const auto counted = address.empty() ? by_address_.end() : by_address_.try_emplace(address, 0).first;
    const pid_t pid = ::fork();
    switch (pid) {
    case -1: // no process to be had now
        if (counted != by_address_.end() && counted->second == 0) by_address_.erase(counted);
        return {};
    case 0: // the child: it must never run the parent's destructors
        ::_exit(report_errors(node.mapped().role, body));
    default: // the parent
        if (counted != by_address_.end()) ++counted->second;
        end(pid, 0, [](const Ended&) {}); // one that was adopted, whose number this would not be else
        node.key() = pid;
        by_pid_.insert(std::move(node));
        return pid;
    }
}

bool Children::adopt(pid_t pid, Child child) {
    const std::string address = child.address;
    if (!by_pid_.emplace(pid, std::move(child)).second) return false;
    if (!address.empty()) ++by_address_[address];
    return true;
}

void reap_children(const std::function<void(pid_t pid, int status)>& on_end) {
    for (;;) {
        int status = 0;
        const pid_t pid = retry([&] { return ::waitpid(-1, &status, WNOHANG); });
        if (pid <= 0) return; // none has ended, or there are none
        on_end(pid, status);
    }
}

bool is_child(pid_t pid) {
    siginfo_t none{};
    return retry([&] {
               return ::waitid(P_PID, static_cast<id_t>(pid), &none, WEXITED | WNOHANG | WNOWAIT);
           }) == 0;
}

void Children::reap(const std::function<void(Ended)>& on_end, const OnOther& on_other) {
    reap_children([&](pid_t pid, int status) {
        if (!end(pid, status, on_end) && on_other) on_other(pid, status);
    });
}

void Children::reap_one(pid_t pid, const std::function<void(Ended)>& on_end) {
    int status = 0;
    if (find(pid) != nullptr && retry([&] { return ::waitpid(pid, &status, WNOHANG); }) == pid)
        end(pid, status, on_end);
}

bool Children::end(pid_t pid, int status, const std::function<void(Ended)>& on_end) {
    auto node = by_pid_.extract(pid);
    if (node.empty()) return false;
    const auto counted = by_address_.find(node.mapped().address);
    if (counted != by_address_.end() && --counted->second == 0) by_address_.erase(counted);
    on_end({pid, std::move(node.mapped()), status});
    return true;
}

void Children::wait_for_all(std::chrono::steady_clock::time_point deadline,
                            const std::function<void(Ended)>& on_end, const OnOther& on_other) {
    // SIGCHLD stays blocked and is waited for in its own right.
    sigset_t child_died;
    ::sigemptyset(&child_died);
    ::sigaddset(&child_died, SIGCHLD);
    sigset_t before;
    ::sigprocmask(SIG_BLOCK, &child_died, &before);
    for (reap(on_end, on_other); !by_pid_.empty(); reap(on_end, on_other)) {
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= left.zero()) break;
        const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
        const timespec at_most{static_cast<time_t>(nanoseconds / 1'000'000'000), nanoseconds % 1'000'000'000};
        ::sigtimedwait(&child_died, nullptr, &at_most);
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

std::size_t Children::count_from(const std::string& address) const {
    const auto counted = by_address_.find(address);
    return counted == by_address_.end() ? 0 : counted->second;
}

Child* Children::find(pid_t pid) {
    const auto found = by_pid_.find(pid);
    return found == by_pid_.end() ? nullptr : &found->second;
}

void Children::signal(pid_t pid, int signal) const {
    if (const auto found = by_pid_.find(pid); found != by_pid_.end()) send_signal(pid, found->second, signal);
}

void Children::signal_all(int signal) const {
    for (const auto& [pid, child] : by_pid_) send_signal(pid, child, signal);
}

} // namespace common
