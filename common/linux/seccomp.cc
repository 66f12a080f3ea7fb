// SPDX-License-Identifier: ISC
// What a process for a client may not ask of the kernel (seccomp(2)), and whether this kernel has what shuts
// processes in. Run by what forks such processes, since what they inherit costs them nothing, and by authd.
//
// A refused call traps: SIGSYS comes, whose handler says on standard error which call it was, and lets it
// fail with EPERM. Whoever has taken a process over can undo that handler, and is then killed by the signal,
// of which the log tells; SECCOMP_RET_LOG would let the call through, and SECCOMP_RET_ERRNO tells nobody.
#include "common/sandbox.hh"

#include "common/errors.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

namespace common {
namespace {

#if defined(__x86_64__) && !defined(__ILP32__)
constexpr unsigned own_architecture = AUDIT_ARCH_X86_64;
void set_result(ucontext_t& context, long value) { context.uc_mcontext.gregs[REG_RAX] = value; }
#elif defined(__aarch64__)
constexpr unsigned own_architecture = AUDIT_ARCH_AARCH64;
void set_result(ucontext_t& context, long value) {
    context.uc_mcontext.regs[0] = static_cast<unsigned long>(value);
}
#else
constexpr unsigned own_architecture = 0; // there is no filter for it
void set_result(ucontext_t&, long) {}
#endif

#if defined(SUITE_SANITIZED)
constexpr bool is_sanitized = true; // the sanitizers need ptrace and more for their reports
#else
constexpr bool is_sanitized = false;
#endif

struct Call {
    long number;
    std::string_view name;
};

#define CALL(name)                                                                                           \
    Call { SYS_##name, #name }
constexpr std::array denied_to_all {
    // other programs, and other processes' memory and descriptors
    CALL(execve), CALL(execveat), CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev),
        CALL(process_madvise), CALL(kcmp), CALL(pidfd_getfd), CALL(personality),
        // namespaces and mounts; open_by_handle_at passes by all folders
        CALL(unshare), CALL(setns), CALL(mount), CALL(umount2), CALL(pivot_root), CALL(open_tree),
        CALL(move_mount), CALL(fsopen), CALL(fsconfig), CALL(fsmount), CALL(fspick), CALL(mount_setattr),
        CALL(open_by_handle_at),
        // what the kernel runs or watches for a process, with the widest ways into it
        CALL(bpf), CALL(perf_event_open), CALL(userfaultfd), CALL(io_uring_setup), CALL(io_uring_enter),
        CALL(io_uring_register), CALL(fanotify_init), CALL(add_key), CALL(request_key), CALL(keyctl),
        // the system's own affairs
        CALL(init_module), CALL(finit_module), CALL(delete_module), CALL(kexec_load), CALL(reboot),
        CALL(swapon), CALL(swapoff), CALL(acct), CALL(quotactl), CALL(syslog), CALL(settimeofday),
        CALL(clock_settime), CALL(clock_adjtime), CALL(adjtimex), CALL(sethostname), CALL(setdomainname),
#if defined(__x86_64__)
        CALL(kexec_file_load), CALL(iopl), CALL(ioperm), CALL(modify_ldt), CALL(uselib),
#endif
};
// Neither a new socket nor another end for the one there is: connect(2) without an address undoes a
// connection.
constexpr std::array sockets{CALL(socket), CALL(socketpair), CALL(connect), CALL(bind),
                             CALL(listen), CALL(accept),     CALL(accept4)};
// The same with a flag: MSG_FASTOPEN is a connect(2) in a call that sends, one without an address, too.
struct FlaggedCall {
    Call call;
    std::size_t flags_argument;
};
constexpr std::array senders{FlaggedCall{CALL(sendto), 3}, FlaggedCall{CALL(sendmsg), 2},
                             FlaggedCall{CALL(sendmmsg), 3}};
// By a name; Landlock refuses that, too, where the kernel has it.
constexpr std::array files {
    CALL(openat), CALL(openat2), CALL(mkdirat), CALL(mknodat), CALL(linkat), CALL(symlinkat), CALL(renameat),
        CALL(renameat2), CALL(unlinkat), CALL(truncate), CALL(fchmodat), CALL(fchownat), CALL(utimensat),
        CALL(setxattr), CALL(lsetxattr), CALL(removexattr), CALL(lremovexattr), CALL(mq_open),
        CALL(mq_unlink), CALL(inotify_add_watch),
#if defined(__x86_64__)
        CALL(open), CALL(creat), CALL(mkdir), CALL(rmdir), CALL(mknod), CALL(link), CALL(symlink),
        CALL(rename), CALL(unlink), CALL(chmod), CALL(chown), CALL(lchown), CALL(utime), CALL(utimes),
        CALL(futimesat),
#endif
};
#undef CALL

bool includes(DeniedCalls which, DeniedCalls part) {
    return (static_cast<unsigned>(which) & static_cast<unsigned>(part)) != 0;
}

std::string_view name_of(long number) {
    for (const Call& call : denied_to_all)
        if (call.number == number) return call.name;
    for (const Call& call : sockets)
        if (call.number == number) return call.name;
    for (const Call& call : files)
        if (call.number == number) return call.name;
    for (const FlaggedCall& sender : senders)
        if (sender.call.number == number) return sender.call.name;
    return number == SYS_clone ? "clone" : "of another kind";
}

// --- the filter ---

class Filter {
public:
    Filter() {
        load(offsetof(seccomp_data, arch));
        add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_architecture, 1, 0));
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
        load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
        // What a tracer turns a call into that it lets fail: the kernel does nothing for it.
        constexpr unsigned no_call = 0xffffffff;
        add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, no_call, 0, 1));
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        constexpr unsigned first_of_x32 = 0x40000000; // the same calls once more, with 32-bit pointers
        add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first_of_x32, 0, 1));
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
        // Some of those, execve among them, which Linux before 5.4 also knows by these numbers; nothing else
        // has them.
        constexpr unsigned own_of_x32 = 512, behind_own_of_x32 = 548;
        add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, behind_own_of_x32, 2, 0));
        add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, own_of_x32, 0, 1));
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
#endif
    }
    void deny(long number, unsigned action = SECCOMP_RET_TRAP) {
        add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
        add(BPF_STMT(BPF_RET | BPF_K, action));
    }
    // With one of these flags in that argument, from 0; else it is allowed at once.
    void deny_with_flags(long number, std::size_t argument, unsigned flags) {
        constexpr std::size_t size = sizeof seccomp_data{}.args[0];
        add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 4));
        load(offsetof(seccomp_data, args) + argument * size); // the lower half, on a little-endian machine
        add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flags, 0, 1));
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    // Whatever is not denied is allowed.
    bool install() {
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        const sock_fprog program{static_cast<unsigned short>(instructions_.size()), instructions_.data()};
        return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0;
    }

private:
    void add(const sock_filter& instruction) { instructions_.push_back(instruction); }
    void load(std::size_t offset) { add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset))); }
    std::vector<sock_filter> instructions_;
};

// --- the trap ---

// "refused system call 59 (execve)". Nothing here but what a signal's handler may do.
void tell_of_refusal(long number) {
    std::array<char, 96> line{};
    std::size_t size = 0;
    const auto put = [&](std::string_view words) {
        size += words.copy(line.data() + size, line.size() - size);
    };
    std::array<char, 20> digits{};
    std::size_t count = 0;
    for (auto rest = static_cast<unsigned long>(number); count == 0 || rest != 0; rest /= 10)
        digits[count++] = static_cast<char>('0' + rest % 10);
    put("refused system call ");
    while (count > 0) put({&digits[--count], 1});
    put(" (");
    put(name_of(number));
    put(")\n");
    [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, line.data(), size);
}

void on_refused_call(int, siginfo_t* info, void* context) {
    const int before = errno;
    tell_of_refusal(static_cast<unsigned>(info->si_syscall));
    errno = before;
    set_result(*static_cast<ucontext_t*>(context), -EPERM);
}

bool can_filter() {
    unsigned action = SECCOMP_RET_TRAP;
    return own_architecture != 0 && !is_sanitized &&
           ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

} // namespace

bool deny_calls(DeniedCalls which) {
    if (!can_filter()) return false;
    struct sigaction trap {};
    trap.sa_sigaction = on_refused_call;
    trap.sa_flags = SA_SIGINFO | SA_RESTART;
    checked("sigaction", "SIGSYS", [&] { return ::sigaction(SIGSYS, &trap, nullptr); });

    Filter filter;
    if (includes(which, DeniedCalls::also_sockets)) // first, since they are the most frequent
        for (const FlaggedCall& sender : senders)
            filter.deny_with_flags(sender.call.number, sender.flags_argument, MSG_FASTOPEN);
    for (const Call& call : denied_to_all) filter.deny(call.number);
    if (includes(which, DeniedCalls::also_sockets))
        for (const Call& call : sockets) filter.deny(call.number);
    if (includes(which, DeniedCalls::also_files))
        for (const Call& call : files) filter.deny(call.number);
    // Its flags are in memory, where no filter sees them. The C library then takes clone.
    filter.deny(SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    constexpr unsigned new_namespaces = 0x7e020000; // CLONE_NEWNS to CLONE_NEWNET
    filter.deny_with_flags(SYS_clone, 0, new_namespaces);
    if (!filter.install()) fail("install a filter of system calls");
    return true;
}

std::optional<std::string> explain_no_sandbox() {
    constexpr long oldest_abi = 2; // the first that can rename between folders
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0L, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 0) return "this kernel has no Landlock, or it is not enabled";
    if (abi < oldest_abi)
        return "the Landlock of this kernel is too old: Linux 5.19 is the first that has enough";
    if (is_sanitized) return "a build with sanitizers filters no system calls";
    if (own_architecture == 0) return "this program has no filter of system calls for this kind of machine";
    if (!can_filter()) return "this kernel cannot filter system calls (seccomp)";
    return {};
}

} // namespace common
