// SPDX-License-Identifier: ISC
// System calls that are denied: they fail, it is told, and nobody gets out of it.
#include "common/error_lines.hh"
#include "common/sandbox.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/skip.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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

    TEST_CASE("denied calls: no file can be had by a name where none is needed") {
        if (!can_deny()) return tests::skip("this system, or this build, filters no system calls");
        TemporaryFolder folder;
        const std::string old = folder / "old", other = folder / "other";
        Fd{::open(old.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
        const auto use = [&] {
            const char* const name = old.c_str();
            std::string said;
            for (const long result :
                 {static_cast<long>(::open(name, O_RDONLY | O_CLOEXEC)),
                  static_cast<long>(::creat(other.c_str(), 0600)),
                  ::syscall(SYS_openat2, AT_FDCWD, name, nullptr, 0),
                  static_cast<long>(::mkdir(other.c_str(), 0700)),
                  static_cast<long>(::link(name, other.c_str())),
                  static_cast<long>(::symlink(name, other.c_str())),
                  static_cast<long>(::mkfifo(other.c_str(), 0600)),
                  static_cast<long>(::rename(name, other.c_str())), static_cast<long>(::truncate(name, 1)),
                  static_cast<long>(::chmod(name, 0777)), static_cast<long>(::rmdir(other.c_str())),
                  static_cast<long>(::unlink(name))})
                said += outcome(result);
            return said;
        };
        constexpr int calls = 12;
        std::string all_refused;
        for (int i = 0; i < calls; ++i) all_refused += text("errno ", EPERM, ' ');
        for (const DeniedCalls which : {DeniedCalls::also_files, DeniedCalls::also_both}) {
            const std::string said = denied(which, use);
            CHECK(said.ends_with("\n" + all_refused));
            CHECK(said.find("(unlink") != said.npos);
            CHECK(denied(which, [] {
                      return outcome(::socket(AF_INET, SOCK_STREAM, 0));
                  }).ends_with("done ") == (which == DeniedCalls::also_files));
        }
        CHECK(std::filesystem::exists(old));
        CHECK(!std::filesystem::exists(other));
        CHECK(denied(DeniedCalls::also_sockets, [&] {
                  return outcome(Fd{::open(old.c_str(), O_RDONLY | O_CLOEXEC)} ? 0 : -1);
              }) == "done ");
    }

    // A TCP connection could be undone, and another made, without connect(2).
    TEST_CASE("denied calls: nor is sending a way to connect a socket to somebody else") {
        if (!can_deny()) return tests::skip("this system, or this build, filters no system calls");
        const Fd socket{::socket(AF_INET, SOCK_STREAM, 0)};
        const auto send = [&] {
            sockaddr nowhere{};
            nowhere.sa_family = AF_UNSPEC;
            char byte = 'x';
            iovec piece{&byte, 1};
            mmsghdr messages{};
            messages.msg_hdr.msg_name = &nowhere;
            messages.msg_hdr.msg_namelen = sizeof nowhere;
            messages.msg_hdr.msg_iov = &piece;
            messages.msg_hdr.msg_iovlen = 1;
            constexpr int flags = MSG_FASTOPEN | MSG_NOSIGNAL;
            std::string said = outcome(::sendto(socket.get(), &byte, 1, flags, &nowhere, sizeof nowhere));
            said += outcome(::sendmsg(socket.get(), &messages.msg_hdr, flags));
            said += outcome(::sendmmsg(socket.get(), &messages, 1, flags));
            return said;
        };
        const std::string refused = text("errno ", EPERM, ' ');
        CHECK(denied(DeniedCalls::also_sockets, send) ==
              text("refused system call ", SYS_sendto, " (sendto)\nrefused system call ", SYS_sendmsg,
                   " (sendmsg)\nrefused system call ", SYS_sendmmsg, " (sendmmsg)\n") +
                  refused + refused + refused);
        CHECK(denied(DeniedCalls::usual, send).find("refused system call") == std::string::npos);
        // What is connected sends as ever.
        CHECK(denied(DeniedCalls::also_sockets, [] {
                  const auto [one, other] = make_packet_pair();
                  return outcome(::send(one.get(), "x", 1, MSG_NOSIGNAL)) +
                         (send_packet(one.get(), std::string_view{"y"}) == IoState::done ? "done" : "");
              }).find("refused system call") == std::string::npos);
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
        constexpr long execve_of_x32 = 520, last_of_x32 = 547, ordinary = 548; // the last: there is none
        for (const long number : {512L, execve_of_x32, last_of_x32})
            CHECK(denied(DeniedCalls::usual, [&] { return outcome(::syscall(number, 0, 0, 0)); }) ==
                  text("refused system call ", number, " (of another kind)\nerrno ", EPERM, ' '));
        CHECK(denied(DeniedCalls::usual, [] { return outcome(::syscall(ordinary, 0, 0, 0)); }) ==
              text("errno ", ENOSYS, ' '));
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
