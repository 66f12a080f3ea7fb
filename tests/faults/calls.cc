// SPDX-License-Identifier: ISC
#include "tests/faults/calls.hh"

#include <algorithm>
#include <array>

namespace faults {
namespace {

struct CallRow {
    std::string_view call;
    std::array<std::string_view, 2> errors;
    std::string_view why_none = {};
};

// Beside these every call fails with EIO.
constexpr std::array calls{
    CallRow{"accept", {"EMFILE", "ECONNABORTED"}},
    CallRow{"accept4", {"EMFILE", "ECONNABORTED"}},
    CallRow{"bind", {"EADDRINUSE", "EACCES"}},
    CallRow{"brk", {"ENOMEM"}},
    CallRow{"chmod", {"EPERM", "EROFS"}},
    CallRow{"chown", {"EPERM", "EROFS"}},
    CallRow{"close", {}, "strace would leave it open, which no kernel does"},
    CallRow{"clone", {"EAGAIN", "ENOMEM"}},
    CallRow{"clone3", {"EAGAIN", "ENOMEM"}},
    CallRow{"connect", {"ECONNREFUSED", "EAGAIN"}},
    CallRow{"dup", {"EMFILE"}},
    CallRow{"dup2", {"EMFILE"}},
    CallRow{"dup3", {"EMFILE"}},
    CallRow{"epoll_create1", {"EMFILE", "ENOMEM"}},
    CallRow{"epoll_ctl", {"ENOMEM", "ENOSPC"}},
    CallRow{"epoll_pwait", {"EINTR", "ENOMEM"}},
    CallRow{"epoll_wait", {"EINTR", "ENOMEM"}},
    CallRow{"execve", {}, "it would be strace that cannot start the program"},
    CallRow{"exit_group", {}, "it does not return"},
    CallRow{"fallocate", {"ENOSPC"}},
    CallRow{"fchmod", {"EPERM", "EROFS"}},
    CallRow{"fchown", {"EPERM", "EROFS"}},
    CallRow{"fcntl", {"EMFILE", "ENOMEM"}},
    CallRow{"fork", {"EAGAIN", "ENOMEM"}},
    CallRow{"fsync", {"EIO", "ENOSPC"}},
    CallRow{"fdatasync", {"EIO", "ENOSPC"}},
    CallRow{"ftruncate", {"EIO", "ENOSPC"}},
    CallRow{"getpeername", {"ENOTCONN", "ENOBUFS"}},
    CallRow{"getrandom", {"ENOSYS"}},
    CallRow{"getsockname", {"ENOBUFS"}},
    CallRow{"getsockopt", {"ENOTCONN", "ENOBUFS"}},
    CallRow{"kill", {"EPERM", "ESRCH"}},
    CallRow{"lseek", {"EINVAL"}},
    CallRow{"madvise", {"ENOMEM"}},
    CallRow{"mkdir", {"ENOSPC", "EACCES"}},
    CallRow{"mkdirat", {"ENOSPC", "EACCES"}},
    CallRow{"mmap", {"ENOMEM"}},
    CallRow{"mprotect", {"ENOMEM"}},
    CallRow{"mremap", {"ENOMEM"}},
    CallRow{"munmap", {"ENOMEM"}},
    CallRow{"open", {"EMFILE", "EIO"}},
    CallRow{"openat", {"EMFILE", "EIO"}},
    CallRow{"pipe", {"EMFILE"}},
    CallRow{"pipe2", {"EMFILE"}},
    CallRow{"poll", {"EINTR", "ENOMEM"}},
    CallRow{"ppoll", {"EINTR", "ENOMEM"}},
    CallRow{"pselect6", {"EINTR", "ENOMEM"}},
    CallRow{"pwrite64", {"ENOSPC", "EIO"}},
    CallRow{"pwritev", {"ENOSPC", "EIO"}},
    CallRow{"recvfrom", {"ECONNRESET", "ENOMEM"}},
    CallRow{"recvmsg", {"ECONNRESET", "ENOMEM"}},
    CallRow{"rename", {"ENOSPC", "EIO"}},
    CallRow{"renameat", {"ENOSPC", "EIO"}},
    CallRow{"renameat2", {"ENOSPC", "EIO"}},
    CallRow{"restart_syscall", {}, "it is no call of the program's"},
    CallRow{"rt_sigaction", {}, "it cannot fail for a signal that there is"},
    CallRow{"rt_sigprocmask", {}, "it cannot fail for memory that there is"},
    CallRow{"rt_sigreturn", {}, "it does not return"},
    CallRow{"sendmsg", {"ENOBUFS", "EPIPE"}},
    CallRow{"sendto", {"ENOBUFS", "EPIPE"}},
    CallRow{"setsockopt", {"ENOMEM", "EINVAL"}},
    CallRow{"shutdown", {"ENOTCONN"}},
    CallRow{"socket", {"EMFILE", "ENOBUFS"}},
    CallRow{"socketpair", {"EMFILE", "ENOMEM"}},
    CallRow{"wait4", {"EINTR"}},
    CallRow{"waitid", {"EINTR"}},
    CallRow{"write", {"ENOSPC", "EIO"}},
    CallRow{"writev", {"ENOSPC", "EIO"}},
};

constexpr unsigned most_of_a_name = 6; // calls of one name, each of which fails alone

struct EndRow {
    std::string_view process; // empty: any
    std::string_view call;
    std::string_view error; // empty: any
    bool lasting;           // only at a fault that lasts
    std::string_view why;
};

constexpr std::array ends{
    EndRow{"spawner", "fcntl", "", false,
           "without the shared pages it can start no handler; the hub starts another spawner"},
    EndRow{"spawner", "sendmsg", "EPIPE", false,
           "that is how a hub that has ended looks; if it has not, it starts another spawner"},
    EndRow{"start", "brk", "", false, "the C library of a static program ends by SIGSEGV before its main"},
};

} // namespace

std::vector<std::string_view> errors_of(std::string_view call) {
    const auto* const row = std::ranges::find(calls, call, &CallRow::call);
    if (row == calls.end()) return {"EIO"};
    std::vector<std::string_view> errors;
    for (const std::string_view error : row->errors)
        if (!error.empty()) errors.push_back(error);
    return errors;
}

std::vector<Fault> faults_for(const std::map<std::string, unsigned>& seen, Share share) {
    std::vector<Fault> faults;
    for (const auto& [call, times] : seen) {
        const auto errors = errors_of(call);
        if (share == Share::each_call_once) {
            if (!errors.empty()) faults.push_back({call, std::string{errors.front()}, 1, false});
            continue;
        }
        for (const std::string_view error : errors) {
            for (unsigned at = 1; at <= std::min(times, most_of_a_name); ++at)
                faults.push_back({call, std::string{error}, at, false});
            if (error != "EINTR") faults.push_back({call, std::string{error}, 1, true});
        }
    }
    return faults;
}

bool is_about_a_peer(std::string_view call) { return call.starts_with("send") || call.starts_with("recv"); }

std::string_view why_may_end(std::string_view process, const Fault& fault) {
    for (const EndRow& row : ends)
        if ((row.process.empty() || row.process == process) && row.call == fault.call &&
            (row.error.empty() || row.error == fault.error) && (!row.lasting || fault.lasting))
            return row.why;
    return {};
}

std::string on_one_line(std::string words) {
    std::ranges::replace(words, '\n', '|');
    return words;
}

} // namespace faults
