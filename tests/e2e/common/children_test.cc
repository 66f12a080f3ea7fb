// SPDX-License-Identifier: ISC
// What both daemons do with a child that does not behave: what it writes on its standard error is in the log,
// and who does not end when told to is killed, but never a process that was reaped.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/error_lines.hh"
#include "common/text.hh"

#include <chrono>
#include <doctest/doctest.h>
#include <optional>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

// Another process's standard error, as if we were that; none where the system does not let us.
common::Fd standard_error_of(pid_t pid) {
#if defined(SYS_pidfd_open) && defined(SYS_pidfd_getfd)
    const common::Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!process) return {};
    return common::Fd{static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), STDERR_FILENO, 0))};
#else
    return common::Fd{pid < 0 ? -1 : -1};
#endif
}

// A client of each daemon and the process that serves it.
struct Served {
    explicit Served(std::string_view program)
        : is_chat(program == "chatd"), daemon(is_chat ? chatd_with({}) : Daemon::Setting{}) {
        if (is_chat) {
            chat.emplace(daemon, "ada");
            child = handler_of(daemon, *chat);
        } else {
            ftp.emplace(daemon.addresses().at(0));
            ftp->command("NOOP", 200);
            child = session_of(daemon, *ftp);
        }
    }
    std::string role() const { return is_chat ? "handler" : "session"; }
    // Its client is told to leave.
    void kick() const {
        if (is_chat)
            chatctl(daemon, {"kick", "ada"});
        else
            ask(daemon, {"kick", text(child)});
    }

    bool is_chat;
    Daemon daemon;
    std::optional<ChatClient> chat;
    std::optional<FtpClient> ftp;
    pid_t child = 0;
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("what a child writes on its standard error is in the log and no more than so much of it") {
        for (const char* const program : {"ftpd", "chatd"}) {
            CAPTURE(program);
            Served served{program};
            common::Fd error = standard_error_of(served.child);
            if (!error) return tests::skip("this system lends nobody's descriptors");
            const auto write = [&](std::string_view bytes) {
                wait_until("there is room", [&] {
                    return common::send_some(error.get(), bytes).state == common::IoState::done;
                });
            };
            write("free(): invalid\x1b pointer\nand ");
            write("more\n");
            const std::string head = text(served.role(), '[', served.child, "]: standard error: ");
            served.daemon.wait_for_log(head + "free(): invalid\\x1b pointer\n");
            served.daemon.wait_for_log(head + "and more\n");

            // The child goes on.
            if (served.is_chat) {
                served.chat->say("/who");
                served.chat->wait_for_line("ada");
            } else {
                served.ftp->command("NOOP", 200);
            }

            // So much at once that a packet is longer than any other of the pair.
            for (int sent = 0; sent < 10; ++sent) write(std::string(20000, 'x') + '\n');
            served.daemon.wait_for_log(head + "more than 32768 bytes: what follows is left out\n");
            write("unheard\n");
            if (served.is_chat)
                served.chat->send("/quit\n");
            else
                served.ftp->command("QUIT", 221);
            error.reset();
            wait_until("it is gone", [&] { return !is_alive(served.child); });
            served.daemon.stop();
            CHECK(served.daemon.log().find("unheard") == std::string::npos);
        }
    }

    TEST_CASE("a child that does not end when its client is kicked is killed after a while") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const char* const program : {"ftpd", "chatd"}) {
            CAPTURE(program);
            Served served{program};
            ::kill(served.child, SIGSTOP);
            served.kick();
            served.daemon.wait_for_log(
                text(served.role(), ' ', served.child, " is killed: it did not end within 10 s\n"));
            wait_until("it is gone", [&] { return !is_alive(served.child); });
        }
    }

    TEST_CASE("a session that is kicked again and again gets no more time to end") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Served served{"ftpd"};
        ::kill(served.child, SIGSTOP);
        auto last = std::chrono::steady_clock::now();
        served.kick();
        wait_until("it is gone", [&] {
            if (!is_alive(served.child)) return true;
            if (std::chrono::steady_clock::now() - last < std::chrono::seconds{1}) return false;
            last = std::chrono::steady_clock::now();
            run_client({"ftpctl", "-s", served.daemon.state() / "control", "kick", text(served.child)});
            return false;
        });
        served.daemon.wait_for_log(
            text("session ", served.child, " is killed: it did not end within 10 s\n"));
    }

    TEST_CASE("a child that ended in time is not killed") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const char* const program : {"ftpd", "chatd"}) {
            CAPTURE(program);
            Served served{program};
            const auto before = std::chrono::steady_clock::now();
            served.kick();
            wait_until("it is gone", [&] { return !is_alive(served.child); });
            if (std::chrono::steady_clock::now() - before > std::chrono::seconds{8}) continue; // it was slow
            Served late{program}; // whose time runs out later
            ::kill(late.child, SIGSTOP);
            late.kick();
            late.daemon.wait_for_log("it did not end within");
            CHECK(served.daemon.log().find("is killed") == std::string::npos);
        }
    }

    TEST_CASE("no child outlives a stop or a killed chatd though it does not end by itself") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const char* const how : {"ftpd", "chatd", "chatd killed"}) {
            CAPTURE(how);
            const std::string_view program = std::string_view{how}.substr(0, std::string_view{how}.find(' '));
            Served served{program};
            ::kill(served.child, SIGSTOP);
            if (program == how)
                served.daemon.stop();
            else
                served.daemon.kill();
            if (program == how)
                CHECK_FALSE(is_alive(served.child));
            else
                wait_until("it is gone", [&] { return !is_alive(served.child); });
        }
    }
}
