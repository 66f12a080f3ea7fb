// SPDX-License-Identifier: ISC
// What a service manager with a watchdog hears, in a child each time, since the environment says what it
// wants.
#include "common/keeper/watchdog.hh"
#include "common/text.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>

using namespace common;

namespace {

class Manager {
public:
    Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        checked("bind", path(), [&] {
            return ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        });
    }

    // What a process with these variables tells while it is asked twice whether it is alive, and after that
    // what it logs. Without a watchdog it is never asked, and does not wait.
    std::string hear(const std::string& time, const std::string& pid, bool is_alive) {
        const std::string log = folder_ / "log";
        const std::string went_wrong = in_child([&] {
            ::setenv("NOTIFY_SOCKET", path().c_str(), 1);
            ::unsetenv("WATCHDOG_USEC");
            ::unsetenv("WATCHDOG_PID");
            if (!time.empty()) ::setenv("WATCHDOG_USEC", time.c_str(), 1);
            if (!pid.empty()) ::setenv("WATCHDOG_PID", pid == "own" ? text(::getpid()).c_str() : "1", 1);
            if (pid == "wrong") ::setenv("WATCHDOG_PID", "12x", 1);
            Log lines{"tests", "keeper", {Log::Target::file, log}, Severity::warning};
            Loop loop{Backend::poll};
            int asked = 0;
            Watchdog watchdog{loop, lines, [&] { return ++asked, is_alive; }};
            watchdog.begin();
            if (asked == 0) return std::string{};
            while (asked < 2) loop.run_once(nullptr);
            return std::string{std::getenv("WATCHDOG_USEC") == time ? "" : "the variable is gone"};
        });
        CHECK(went_wrong == "");
        std::string heard;
        for (std::array<char, 256> bytes{};;) {
            const auto size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
            if (size < 0) break;
            heard.append(bytes.data(), static_cast<std::size_t>(size)).append("\n");
        }
        std::stringstream whole;
        whole << std::ifstream{log}.rdbuf();
        std::ofstream{log}; // empty
        const std::string line = whole.str();
        return heard + line.substr(line.empty() ? 0 : line.find(": ") + 2);
    }

private:
    std::string path() const { return folder_ / "notify"; }

    TemporaryFolder folder_;
    Fd socket_;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("watchdog: a service manager that wants it hears again and again that the daemon is alive") {
        Manager manager;
        CHECK(manager.hear("20000", "own", true) == "WATCHDOG=1\nWATCHDOG=1\n");
        CHECK(manager.hear("20000", "", true) == "WATCHDOG=1\nWATCHDOG=1\n");
    }

    TEST_CASE("watchdog: it hears nothing of a daemon whose main process is not alive") {
        CHECK(Manager{}.hear("20000", "own", false) == "");
    }

    TEST_CASE(
        "watchdog: nothing is said to a service manager that does not want it or means another process") {
        Manager manager;
        CHECK(manager.hear("", "", true) == "");
        CHECK(manager.hear("", "own", true) == "");
        CHECK(manager.hear("20000", "other", true) == "");
        CHECK(manager.hear("nonsense", "other", true) == "");
    }

    TEST_CASE("watchdog: values that make no sense are logged and there is no watchdog") {
        Manager manager;
        const std::string range = " is no number of microseconds from 1000 to 31536000000000: no watchdog\n";
        for (const std::string time : {"0", "999", "-5", "1s", "18446744073709551615", "31536000000001"})
            CHECK(manager.hear(time, "own", true) == "WATCHDOG_USEC='" + time + "'" + range);
        CHECK(manager.hear("20000", "wrong", true) == "WATCHDOG_PID='12x' is no process: no watchdog\n");
    }
}
