// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/file_lock.hh"
#include "common/state.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <sys/stat.h>
#include <system_error>

using namespace common;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

// As somebody who is not root, with these variables; "" stands for none.
std::string default_for(const char* xdg, const char* home) {
    return in_child([&] {
        if (::geteuid() == 0) checked("setuid", {}, [] { return ::setuid(65534); });
        ::unsetenv("XDG_STATE_HOME");
        ::unsetenv("HOME");
        if (*xdg != '\0') ::setenv("XDG_STATE_HOME", xdg, 1);
        if (*home != '\0') ::setenv("HOME", home, 1);
        return default_state_directory("ftpd");
    });
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("state: a missing directory is made with those above it for its owner alone") {
        const TemporaryFolder folder;
        const mode_t before = ::umask(0);
        const StateDirectory state{folder / "a/b/c"};
        ::umask(before);
        CHECK(state.path() == (folder / "a/b/c"));
        for (const char* made : {"a", "a/b", "a/b/c"}) CHECK(mode_of(folder / made) == 0700);
        CHECK(mode_of(folder / "a/b/c/lock") == 0600);
        std::string number;
        std::getline(std::ifstream{folder / "a/b/c/lock"}, number);
        CHECK(number == std::to_string(::getpid()));
        CHECK(mode_of(folder / ".") == 0755); // what was there is left alone
    }

    TEST_CASE("state: a relative path and one with a slash at its end will do") {
        const TemporaryFolder folder;
        CHECK(in_child([&] {
                  checked("chdir", {}, [&] { return ::chdir((folder / "").c_str()); });
                  const StateDirectory one{"x/y/"};
                  const StateDirectory two{"z"};
                  return std::string{};
              }) == "");
        CHECK(mode_of(folder / "x/y") == 0700);
        CHECK(mode_of(folder / "z") == 0700);
    }

    TEST_CASE("state: the lock of another process is refused with its pid") {
        const TemporaryFolder folder;
        std::array<int, 2> ready{}, over{};
        REQUIRE(::pipe(ready.data()) == 0);
        REQUIRE(::pipe(over.data()) == 0);
        const pid_t holder = ::fork();
        if (holder == 0) {
            ::close(over[1]);
            ::close(ready[0]);
            const StateDirectory state{folder / "state"};
            (void)!::write(ready[1], "x", 1);
            char byte = 0;
            (void)!::read(over[0], &byte, 1); // until the test is over
            ::_exit(0);
        }
        REQUIRE(holder > 0);
        ::close(over[0]);
        ::close(ready[1]);
        const Fd ready_reading{ready[0]};
        Fd over_writing{over[1]};
        std::array<char, 1> byte{};
        REQUIRE(read_some(ready_reading.get(), byte).bytes == 1);
        std::string said;
        try {
            const StateDirectory state{folder / "state"};
        } catch (const UserError& error) {
            said = error.what();
        }
        CHECK(said == "process " + std::to_string(holder) + " uses the state directory " +
                          (folder / "state") + ": stop it, or give this daemon another with `state'");
        over_writing.reset();
        REQUIRE(::waitpid(holder, nullptr, 0) == holder);
        const StateDirectory now{folder / "state"}; // its file is still there, and harmless
    }

    TEST_CASE("state: a start waits for the end of a process that works there without a keeper") {
        const TemporaryFolder folder;
        std::array<int, 2> ready{}, over{};
        REQUIRE(::pipe(ready.data()) == 0);
        REQUIRE(::pipe(over.data()) == 0);
        // The keeper, which ends at once, and its child.
        const pid_t keeper = ::fork();
        if (keeper == 0) {
            const StateDirectory state{folder / "state"};
            if (::fork() != 0) ::_exit(0);
            ::close(over[1]);
            StateDirectory::claim(state.lock(), folder / "state");
            (void)!::write(ready[1], "x", 1);
            char byte = 0;
            (void)!::read(over[0], &byte, 1); // until it is told to end
            ::_exit(0);
        }
        REQUIRE(::waitpid(keeper, nullptr, 0) == keeper);
        ::close(over[0]);
        ::close(ready[1]);
        const Fd ready_reading{ready[0]};
        Fd over_writing{over[1]};
        std::array<char, 1> byte{};
        REQUIRE(read_some(ready_reading.get(), byte).bytes == 1);
        const std::string lock = folder / "state/lock";
        const Fd file{::open(lock.c_str(), O_RDWR | O_CLOEXEC)};
        CHECK(in_child([&] {
                  const Fd same{::open(lock.c_str(), O_RDWR | O_CLOEXEC)};
                  try {
                      StateDirectory::claim(same, folder / "state");
                      return std::string{"claimed"};
                  } catch (const UserError& error) {
                      return std::string{error.what()}.substr(0, 8);
                  }
              }) == "process ");
        over_writing.reset();
        const StateDirectory next{folder / "state"};
        CHECK(next.path() == (folder / "state"));
    }

    // A second descriptor that is closed would take the lock with it, so none is looked at here.
    TEST_CASE("state: a keeper that has executed another program has its lock still and adopts it") {
        const TemporaryFolder folder;
        std::array<int, 2> ready{}, over{};
        REQUIRE(::pipe(ready.data()) == 0);
        REQUIRE(::pipe(over.data()) == 0);
        const pid_t keeper = ::fork();
        if (keeper == 0) {
            const StateDirectory state{folder / "state"};
            ::fcntl(state.lock().get(), F_SETFD, 0);
            ::dup2(ready[1], STDOUT_FILENO);
            ::dup2(over[0], STDIN_FILENO);
            for (const int end : {ready[0], ready[1], over[0], over[1]}) ::close(end);
            ::execl("/bin/sh", "sh", "-c", "echo x; exec cat", nullptr);
            ::_exit(1);
        }
        REQUIRE(keeper > 0);
        ::close(over[0]);
        ::close(ready[1]);
        const Fd ready_reading{ready[0]};
        Fd over_writing{over[1]};
        std::array<char, 1> byte{};
        REQUIRE(read_some(ready_reading.get(), byte).bytes == 1);
        const std::string why = "process " + std::to_string(keeper) + " uses the state directory " +
                                (folder / "state") + ": stop it, or give this daemon another with `state'";
        CHECK_THROWS_WITH_AS(StateDirectory{folder / "state"}, why.c_str(), UserError);
        over_writing.reset();
        REQUIRE(::waitpid(keeper, nullptr, 0) == keeper);

        CHECK(in_child([&]() -> std::string {
                  auto* const before = new StateDirectory{folder / "state"}; // which an exec would not end
                  const int number = before->lock().get();
                  ::fcntl(number, F_SETFD, 0);
                  const pid_t own = ::getpid();
                  const StateDirectory state = StateDirectory::adopt(Fd{number}, folder / "state");
                  if (state.path() != (folder / "state") || state.lock().get() != number)
                      return "it is another";
                  if ((::fcntl(number, F_GETFD) & FD_CLOEXEC) == 0) return "a child would inherit it";
                  return in_child([&]() -> std::string {
                      const std::string file = folder / "state/lock";
                      const Fd same{::open(file.c_str(), O_RDWR | O_CLOEXEC)};
                      return lock_holder(same.get(), file, {0, 1}) == own ? "" : "its lock is gone";
                  });
              }) == "");
    }

    TEST_CASE("state: a lock that another process has taken meanwhile is not adopted") {
        const TemporaryFolder folder;
        const StateDirectory other{folder / "state"};
        const std::string pid = std::to_string(::getpid());
        CHECK(in_child([&]() -> std::string {
                  const std::string file = folder / "state/lock";
                  Fd same{::open(file.c_str(), O_RDWR | O_CLOEXEC)};
                  try {
                      StateDirectory::adopt(std::move(same), folder / "state");
                      return "adopted";
                  } catch (const UserError& error) {
                      return std::string{error.what()}.substr(0, 8 + pid.size());
                  }
              }) == "process " + pid);
    }

    TEST_CASE("state: a directory that cannot be made is named") {
        const TemporaryFolder folder;
        std::ofstream{folder / "file"};
        const auto what = [](const std::string& path) -> std::string {
            try {
                const StateDirectory state{path};
                return "made";
            } catch (const std::system_error& error) {
                return error.what();
            }
        };
        CHECK(what(folder / "file/x") == "make the directory " + (folder / "file/x") + ": Not a directory");
        CHECK(what(folder / "file") == "open " + (folder / "file/lock") + ": Not a directory");
        CHECK(what("").find("make the directory") == 0);
    }

    TEST_CASE("state: the directory is found by the rules of XDG and absolute") {
        CHECK(default_for("/xdg", "/home/u") == "/xdg/ftpd");
        CHECK(default_for("relative", "/home/u") == "/home/u/.local/state/ftpd");
        CHECK(default_for("", "/home/u") == "/home/u/.local/state/ftpd");
        CHECK(default_for("", "relative").front() == '/'); // the user database's
        CHECK(default_for("", "").find("/.local/state/ftpd") != std::string::npos);
        if (::geteuid() == 0) CHECK(default_state_directory("chatd") == "/var/lib/chatd");
    }

    TEST_CASE("state: a lock that is a link or no file is refused and nothing is written where it leads") {
        const TemporaryFolder folder;
        const std::string state = folder / "state", lock = state + "/lock", other = folder / "other";
        std::filesystem::create_directory(state);
        std::ofstream{other} << "precious";
        const auto refuses = [&] {
            const std::string why = lock + " is a link, or no file: remove it";
            CHECK_THROWS_WITH_AS(check_state_directory(state), why.c_str(), UserError);
            CHECK_THROWS_WITH_AS(StateDirectory{state}, why.c_str(), UserError);
            std::ifstream file{other};
            std::string words;
            file >> words;
            CHECK(words == "precious");
            std::filesystem::remove_all(lock);
        };
        std::filesystem::create_symlink(other, lock);
        refuses();
        std::filesystem::create_hard_link(other, lock);
        refuses();
        std::filesystem::create_symlink(folder / "none", lock); // where nothing is made
        refuses();
        CHECK_FALSE(std::filesystem::exists(folder / "none"));
        REQUIRE(::mkfifo(lock.c_str(), 0600) == 0);
        refuses();
        std::filesystem::create_directory(lock);
        refuses();
        check_state_directory(state);
        const StateDirectory held{state};
    }
}
