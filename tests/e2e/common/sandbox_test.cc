// SPDX-License-Identifier: ISC
// `sandbox required': no start where the system or the build cannot shut processes in.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/roles.hh"
#include "tests/e2e/secured.hh"
#include "tests/manual.hh"
#include "tests/skip.hh"

#include "common/sandbox.hh"
#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>

#if defined(__linux__)
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace e2e;
using common::text;

namespace {

Words check(const std::string& program, const std::string& root, const std::string& word) {
    Words command{program, "-n", "-o", "state " + root + "/state", "-o", "sandbox " + word};
    if (program == "ftpd") command.insert(command.end(), {"-o", "root " + root});
    return command;
}

#if defined(__linux__)
// What a program says on standard error, and its status, on a kernel that does not know this call.
std::string run_without(unsigned call, const Words& command) {
    auto [reading, writing] = make_pipe();
    const std::string program = find_program(command[0]);
    std::vector<char*> arguments;
    Words words = command;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    sock_filter filter[]{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog whole{std::size(filter), filter};
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(writing.get(), STDERR_FILENO);
        ::dup2(writing.get(), STDOUT_FILENO);
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 ||
            ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) != 0)
            ::_exit(99);
        ::execv(program.c_str(), arguments.data());
        ::_exit(98);
    }
    REQUIRE(pid > 0);
    writing.reset();
    std::string said;
    std::array<char, 4096> piece{};
    while (const std::size_t size = common::read_some(reading.get(), piece).bytes)
        said.append(piece.data(), size);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return text(said, "exit ", WEXITSTATUS(status));
}
#endif

// The number behind a name of /proc/PID/status.
std::string status_of(pid_t pid, const std::string& name) {
    std::ifstream file{text("/proc/", pid, "/status")};
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
    return "none";
}

// Whether a process can fork and execute programs, as suite(7) has it in its table.
void check_against_table(const std::string& name, pid_t pid) {
    REQUIRE(pid > 0);
    std::string most;
    for (const std::string& line : common::split_lines(read_file(text("/proc/", pid, "/limits"))))
        if (line.starts_with("Max processes ")) most = line.substr(line.find_first_not_of(' ', 14), 2);
    const std::string can_execute = status_of(pid, "Seccomp") == "2" ? "no" : "yes";
    const std::string can_fork = most == "0 " ? "no" : "yes";
    const auto rows = tests::Manual{"suite.7"}.list_behind(".Ss What an intruder in each process can do");
    const auto row = std::ranges::find_if(
        rows, [&](const tests::Manual::Item& one) { return one.head.starts_with(name + ' '); });
    REQUIRE(row != rows.end());
    INFO(row->head);
    CHECK(row->head.ends_with(text(' ', can_execute, ' ', can_fork)));
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("suite(7) says which processes can execute programs and which can fork") {
        if (!have_proc() || common::explain_no_sandbox())
            return tests::skip("this system, or this build, filters no system calls");
        {
            const Secured secured;
            FtpClient client{secured.daemon().addresses().at(0)};
            client.command("NOOP", 200);
            Process relayed{secured.curl({"--max-time", "60", "-T", "-", secured.url("upload")})};
            wait_until("there is a relay", [&] { return !secured.relays().empty(); });
            check_against_table("keeper", secured.daemon().pid());
            check_against_table("parent", secured.daemon().main_pid());
            check_against_table("session", session_of(secured.daemon(), client));
            check_against_table("keyd", secured.processes("keyd").at(0));
            check_against_table("tlsd", secured.processes("tlsd").at(0));
            wait_until("the relay has shut itself in", [&] {
                return read_file(text("/proc/", secured.relays().at(0), "/limits"))
                           .find("Max processes             0 ") != std::string::npos;
            });
            check_against_table("relay", secured.relays().at(0));
            relayed.close_input();
            CHECK(relayed.wait() == 0);
        }
        const TempDir folder;
        write_file(folder / "users", text("ann:", hash_of("secret"), ":-:-\n"));
        const Daemon daemon{chatd_with({text("users ", std::string{folder / "users"})})};
        const ChatClient ada{daemon, "ada"};
        check_against_table("hub", daemon.main_pid());
        check_against_table("spawner", spawner_of(daemon));
        check_against_table("handler", handler_of(daemon, ada));
        check_against_table("authd", authd_of(daemon));
    }

    TEST_CASE("sandbox required starts where both can be had and says why elsewhere") {
        const TempDir folder;
        const std::string root = folder.make_shared("files");
        for (const std::string program : {"ftpd", "chatd"}) {
            CAPTURE(program);
            CHECK(run_client(check(program, root, "wanted")).status == 0);
            const Result required = run_client(check(program, root, "required"));
            if (const auto why = common::explain_no_sandbox()) {
                CHECK(required.status == 1);
                CHECK(required.err == text(program, ": sandbox required: ", *why, '\n'));
                continue;
            }
            CHECK(required.status == 0);
            const Daemon daemon{{.lines = {"sandbox required"}, .program = program}};
#if defined(__linux__)
            CHECK(run_without(SYS_landlock_create_ruleset, check(program, root, "required")) ==
                  text(program,
                       ": sandbox required: this kernel has no Landlock, or it is not enabled\nexit 1"));
            CHECK(run_without(SYS_seccomp, check(program, root, "required")) ==
                  text(program,
                       ": sandbox required: this kernel cannot filter system calls (seccomp)\nexit 1"));
            CHECK(run_without(SYS_seccomp, check(program, root, "wanted")) ==
                  text(program, ": configuration is good\nexit 0"));
#endif
        }
    }

    TEST_CASE("sessions and handlers and authd run under a filter of system calls") {
        if (!have_proc() || common::explain_no_sandbox())
            return tests::skip("this system, or this build, filters no system calls");
        const TempDir folder;
        const std::string users = folder / "users";
        write_file(users, text("ann:", hash_of("secret"), ":/:list,read\n"));
        const auto is_filtered = [](pid_t pid) {
            return status_of(pid, "Seccomp") == "2" && status_of(pid, "NoNewPrivs") == "1";
        };
        {
            const Daemon daemon{{.lines = {"anonymous read", "users " + users}}};
            FtpClient client{daemon.addresses().at(0)};
            client.command("NOOP", 200);
            CHECK(is_filtered(session_of(daemon, client)));
            for (const ProcessStatus& child : children_of(daemon.pid())) CHECK(is_filtered(child.pid));
        }
        const Daemon daemon{chatd_with({})};
        const ChatClient ada{daemon, "ada"};
        CHECK(is_filtered(handler_of(daemon, ada)));
    }
}
