// SPDX-License-Identifier: ISC
// What somebody who has taken a session over could still do: each attempt is made by a process that has shut
// itself in as a session does, once as root starts it and once as an ordinary user does, and the outcome is
// what ftpd(8) says.
#include "ftpd/confinement.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/e2e/files.hh"
#include "tests/manual.hh"
#include "tests/skip.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using common::Fd;
using common::text;
using e2e::Path;

namespace {

// A tree, and what is outside it: a file, two listeners, and another session.
struct Scene {
    Scene() {
        e2e::write_file(tree / "file", "content");
        e2e::write_file(outside, "secret");
        ::chmod((tree / "file").c_str(), 0666);
        ::chmod(outside.c_str(), 0666);
        std::filesystem::copy_file("/bin/true", tree / "program");
        ::chmod((tree / "program").c_str(), 0755);
        root = Fd{::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    }
    e2e::TempDir place;
    Path tree = place.make_shared("tree"), outside = place / "outside", socket = place / "socket";
    Fd root;
    Fd tcp = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
    Fd unix_socket = common::listen_on(common::Address::of_path(socket.native()));
    pid_t other = -1;
};

struct Attempt {
    const char* what;
    std::function<bool(const Scene&)> try_it;
};

// Path in the tree, wherever that is for this process.
std::string in_tree(const Scene& scene, const char* name) {
    return ::access("/file", F_OK) == 0 ? text('/', name) : (scene.tree / name).native();
}

bool connects(const common::Address& to) {
    const Fd fd{::socket(to.family(), SOCK_STREAM, 0)};
    return ::connect(fd.get(), to.data(), to.size()) == 0;
}

const std::vector<Attempt> attempts{
    {"read a file outside",
     [](const Scene& s) {
         return Fd{::open(s.outside.c_str(), O_RDONLY)} || Fd{::openat(s.root.get(), "../outside", O_RDONLY)};
     }},
    {"change a file in the tree",
     [](const Scene& s) { return bool{Fd{::open(in_tree(s, "file").c_str(), O_WRONLY)}}; }},
    {"write to a file held for reading",
     [](const Scene& s) {
         const Fd file{::open(in_tree(s, "file").c_str(), O_RDONLY)};
         return bool{Fd{::open(text("/proc/self/fd/", file.get()).c_str(), O_WRONLY)}};
     }},
    {"execute a program",
     [](const Scene& s) {
         ::execl(in_tree(s, "program").c_str(), "program", nullptr);
         return false;
     }},
    {"fork",
     [](const Scene&) {
         const pid_t child = ::fork();
         if (child == 0) ::_exit(0);
         return child > 0;
     }},
    {"become root", [](const Scene&) { return ::setuid(0) == 0; }},
    {"make a device",
     [](const Scene& s) { return ::mknodat(s.root.get(), "null", S_IFCHR | 0666, 0x103) == 0; }},
    {"signal another session", [](const Scene& s) { return ::kill(s.other, 0) == 0; }},
    {"trace another session",
     [](const Scene& s) { return ::ptrace(PTRACE_ATTACH, s.other, nullptr, nullptr) == 0; }},
    {"read another session's memory",
     [](const Scene& s) { return bool{Fd{::open(text("/proc/", s.other, "/mem").c_str(), O_RDONLY)}}; }},
    {"connect to a Unix socket outside",
     [](const Scene& s) { return connects(common::Address::of_path(s.socket.native())); }},
    {"connect to a TCP port", [](const Scene& s) { return connects(common::local_address(s.tcp.get())); }},
    {"listen on a TCP port",
     [](const Scene&) { return bool{common::listen_on(common::resolve_address("127.0.0.1:0").at(0))}; }},
};

enum class Starter { root, user, nobody_shuts_in };

// In a child: shuts itself in, then works; whether it said true.
pid_t start(const Scene& scene, Starter starter, const std::function<bool()>& work) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    try {
        if (starter == Starter::nobody_shuts_in) ::_exit(work() ? 0 : 1);
        std::optional<common::Identity> identity;
        if (::geteuid() == 0) {
            identity = common::find_user("nobody");
            if (starter == Starter::user) common::become(*std::exchange(identity, {}));
        }
        ftpd::shut_in(scene.root.get(), identity, common::TreeAccess::read);
        ::_exit(work() ? 0 : 1);
    } catch (const std::exception&) {
        ::_exit(2);
    }
}

// What came of each attempt, a word a line.
std::vector<std::string> outcomes(Starter starter) {
    Scene scene;
    int ready[2], stay[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(stay) == 0);
    scene.other = start(scene, starter, [&] {
        ::close(stay[1]);
        char byte = 'x';
        common::write_some(ready[1], {&byte, 1});
        return common::read_some(stay[0], {&byte, 1}).state == common::IoState::ended;
    });
    char byte{};
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    std::vector<std::string> words;
    for (const Attempt& attempt : attempts) {
        const pid_t child = start(scene, starter, [&] { return attempt.try_it(scene); });
        int status = 0;
        ::waitpid(child, &status, 0);
        words.emplace_back(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "yes" : "no");
        MESSAGE(std::string{attempt.what} << ": " << words.back());
    }
    ::kill(scene.other, SIGKILL);
    ::waitpid(scene.other, nullptr, 0);
    for (const int fd : {ready[0], ready[1], stay[0], stay[1]}) ::close(fd);
    return words;
}

// Whether this build and kernel have all that the manual's table is about; else only what POSIX gives is
// sure.
bool can_restrict_everything() {
    const Scene scene;
    int status = 0;
    const pid_t child = ::fork();
    if (child == 0) {
        common::forbid_new_privileges();
        const bool restricted = common::restrict_files(scene.root.get(), common::TreeAccess::read);
        ::_exit(restricted && ::kill(::getppid(), 0) != 0 ? 0
                                                          : 1); // signals: the last that Linux has learned
    }
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("what an intruder tries would be done by who is not shut in") {
        if (::geteuid() != 0) return tests::skip("an ordinary user is refused some of it for other reasons");
        CHECK(outcomes(Starter::nobody_shuts_in) == std::vector<std::string>(attempts.size(), "yes"));
    }

    TEST_CASE("an intruder in a session can do what ftpd(8) says and nothing else") {
        const tests::Manual manual{"ftpd.8"};
        const std::vector<std::string> by_user = outcomes(Starter::user);
        std::vector<std::string> by_root = by_user;
        if (::geteuid() == 0) by_root = outcomes(Starter::root);
        const bool complete = can_restrict_everything();
        if (!complete) MESSAGE("this system cannot restrict all: only reported");
        for (std::size_t i = 0; i < attempts.size() && complete; ++i) {
            CAPTURE(std::string{attempts[i].what});
            const auto row = [&](std::string_view root) {
                return text(attempts[i].what, ' ', root, ' ', by_user[i]);
            };
            if (::geteuid() == 0)
                CHECK(manual.says(row(by_root[i])));
            else
                CHECK((manual.says(row("yes")) || manual.says(row("no"))));
        }
        // Whatever the system: nobody gets more rights.
        CHECK(by_root[5] == "no");
        CHECK(by_user[5] == "no");
    }
}
