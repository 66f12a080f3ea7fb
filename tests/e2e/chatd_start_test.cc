// SPDX-License-Identifier: ISC
// How chatd starts, and its console.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/pty.hh"

#include <doctest/doctest.h>
#include <sys/resource.h>

using namespace e2e;

TEST_SUITE("e2e") {
    TEST_CASE("nice holds for the hub and the spawner and the handlers") {
        if (!have_proc()) return;
        const Daemon daemon{chatd_with({"nice 5"})};
        const ChatClient client{daemon, "ada"};
        const auto priority = [](pid_t pid) { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(pid)); };
        const int ours = priority(0);
        for (const pid_t pid : {daemon.pid(), spawner_of(daemon), handler_of(daemon, client)})
            CHECK(priority(pid) == std::min(ours + 5, 19));
    }

    TEST_CASE("a spawner that cannot be executed is tried again and the log says so") {
        Daemon::Setting setting = chatd_with({});
        // Under a name that PATH does not have, there is no program to execute.
        setting.wrapper = {"bash", "-c", "exec -a no-such-program \"$0\" \"$@\""};
        Daemon daemon{setting};
        const std::size_t first = daemon.wait_for_log("; starting another");
        daemon.wait_for_log("; starting another", first);
    }

    TEST_CASE("a line on the console that is too long is not announced and ends nothing") {
        const TempDir folder;
        Pty console{{find_program("chatd"), "-d", "-o", "listen 127.0.0.1:0", "-o",
                     "state " + (folder / "state").native()}};
        console.wait_for("listening on 127.0.0.1:");
        console.type(std::string(2001, 'x') + '\r');
        console.wait_for("not announced: that is too long: 2000 bytes at most");
        console.type("\x03");
        CHECK(console.wait() == 0);
    }
}
