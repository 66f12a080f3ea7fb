// SPDX-License-Identifier: ISC
// Listening sockets that a service manager made and passed (LISTEN_FDS) stay the manager's.
#include "tests/e2e/harness.hh"

#include "common/socket.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>

using namespace e2e;

TEST_SUITE("e2e readiness") {
    TEST_CASE("a socket file that was passed is there for the next start") {
        const TempDir folder;
        const std::string path = folder / "manager.sock";
        const common::Fd listener = common::listen_on(common::Address::of_path(path));
        const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const std::string export_pid = "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"";
        for (int start = 0; start < 2; ++start) {
            auto [reading, writing] = make_pipe();
            Child daemon{{"sh", "-c", export_pid, "sh", find_program("ftpd"), "-d", "-o",
                          "state " + std::string{folder / "state"}, "-o", "root " + folder.path().string()},
                         {.descriptors = {nothing.get(), nothing.get(), writing.get(), listener.get()},
                          .environment = {"LISTEN_FDS=1"},
                          .terminal = {}}};
            writing.reset();
            const Collector log{std::move(reading), "ftpd"};
            log.wait_for("listening on unix:" + path);
            Connection client{common::Address::of_path(path)};
            client.expect(220);
            client.command("LS", 213);
            daemon.signal(SIGTERM);
            CHECK(daemon.wait() == 0);
        }
        CHECK(std::filesystem::exists(path));
    }
}
