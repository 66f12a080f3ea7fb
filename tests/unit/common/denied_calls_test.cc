// SPDX-License-Identifier: ISC
// System calls that are denied: they fail, it is told, and nobody gets out of it.
#include "common/error_lines.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/skip.hh"
#include "tests/unit/common/in_child.hh"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>

#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

using namespace common;

namespace {

bool can_deny() {
    return in_child([] {
               forbid_new_privileges();
               return deny_calls(DeniedCalls::usual) ? std::string{"yes"} : std::string{};
           }) == "yes";
}

// What body says in a child in which these calls are denied; what was told on standard error comes first.
std::string denied(DeniedCalls which, const std::function<std::string()>& body) {
    return in_child([&] {
        const auto [ours, theirs] = make_packet_pair();
        point_errors_at(theirs.get());
        forbid_new_privileges();
        if (!deny_calls(which)) return std::string{"not denied"};
        const std::string said = body();
        std::string told;
        std::array<char, 256> packet{};
        for (Received got = receive_packet(ours.get(), packet); got.state == IoState::done;
             got = receive_packet(ours.get(), packet))
            told.append(packet.data(), got.bytes);
        return told + said;
    });
}

std::string outcome(long result) { return result == -1 ? text("errno ", errno, ' ') : "done "; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("denied calls: they fail with EPERM and are told and the process goes on") {
        if (!can_deny()) return tests::skip("this system, or this build, filters no system calls");
        const std::string refused = text("errno ", EPERM, ' ');
        const auto told = [](long number, std::string_view name) {
            return text("refused system call ", number, " (", name, ")\n");
        };
        for (const DeniedCalls which : {DeniedCalls::usual, DeniedCalls::also_sockets}) {
            CHECK(denied(which,
                         [] {
                             char name[] = "/bin/true";
                             char* const arguments[]{name, nullptr};
                             std::string said = outcome(::execve(name, arguments, nullptr));
                             said += outcome(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
                             said += outcome(::mount("none", "/", "tmpfs", 0, nullptr));
                             said += outcome(::unshare(CLONE_NEWUSER));
                             said += outcome(::syscall(SYS_io_uring_setup, 1, nullptr));
                             return said;
                         }) == told(SYS_execve, "execve") + told(SYS_ptrace, "ptrace") +
                                   told(SYS_mount, "mount") + told(SYS_unshare, "unshare") +
                                   told(SYS_io_uring_setup, "io_uring_setup") + refused + refused + refused +
                                   refused + refused);
            // A process in namespaces of its own, by either call; an ordinary one is none.
            CHECK(denied(which, [] {
                      return outcome(
                          ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0));
                  }) == told(SYS_clone, "clone") + refused);
            CHECK(denied(which, [] { return outcome(::syscall(SYS_clone3, nullptr, 0)); }) ==
                  text("errno ", ENOSYS, ' '));
            CHECK(denied(which, [] { return in_child([] { return std::string{"a child"}; }); }) == "a child");
        }
    }

    TEST_CASE("denied calls: sockets are left to those who need them") {
        if (!can_deny()) return tests::skip("this system, or this build, filters no system calls");
        const auto use = [] {
            std::array<int, 2> pair{};
            return outcome(::socket(AF_INET, SOCK_STREAM, 0)) +
                   outcome(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()));
        };
        CHECK(denied(DeniedCalls::usual, use) == "done done ");
        const std::string said = denied(DeniedCalls::also_sockets, use);
        CHECK(said.ends_with(text("errno ", EPERM, " errno ", EPERM, ' ')));
        CHECK(said.find(text("refused system call ", SYS_socket, " (socket)\n")) != std::string::npos);

        // Nor can the socket that there is be connected to somebody else.
        const Fd socket{::socket(AF_INET, SOCK_STREAM, 0)};
        CHECK(denied(DeniedCalls::also_sockets, [&] {
                  sockaddr nowhere{};
                  nowhere.sa_family = AF_UNSPEC;
                  return outcome(::connect(socket.get(), &nowhere, sizeof nowhere));
              }) == text("refused system call ", SYS_connect, " (connect)\nerrno ", EPERM, ' '));
    }

    TEST_CASE("denied calls: whoever undoes the handler of the signal is killed by it") {
        if (!can_deny()) return tests::skip("this system, or this build, filters no system calls");
        CHECK(denied(DeniedCalls::usual, [] {
                  ::signal(SIGSYS, SIG_DFL);
                  return outcome(::unshare(CLONE_NEWUSER));
              }).find(text("(the child ended with status ", SIGSYS)) != std::string::npos);
    }

#if defined(__x86_64__)
    TEST_CASE("denied calls: other kinds of programs have no calls at all") {
        if (!can_deny()) return tests::skip("this system, or this build, filters no system calls");
        CHECK(
            denied(DeniedCalls::usual, [] { return outcome(::syscall(0x40000000 | SYS_getpid)); }) ==
            text("refused system call ", 0x40000000 | SYS_getpid, " (of another kind)\nerrno ", EPERM, ' '));
        const auto ask_as_32_bit_program = [] {
            long result = 20; // getpid there
            asm volatile("int $0x80" : "+a"(result) : : "memory");
            return result == ::getpid() ? "it is answered" : text("errno ", -result);
        };
        if (in_child(ask_as_32_bit_program) != "it is answered")
            return tests::skip("this kernel runs no 32-bit programs");
        CHECK(denied(DeniedCalls::usual, ask_as_32_bit_program).ends_with(text("errno ", EPERM)));
    }
#endif
}
#endif
