// SPDX-License-Identifier: ISC
// What chatd does while its user has as many descriptors on their way between processes as one may have
// (unix(7), ETOOMANYREFS): everybody waits a moment, and nobody is ended for it.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include <doctest/doctest.h>

using namespace e2e;

namespace {

// Has descriptors of its user on their way until its input ends. Takes the user as a word of setpriv(1).
constexpr const char* fill = R"(
import os, socket, sys
user = int(sys.argv[1].removeprefix('--reuid='))
os.setgroups([])
os.setgid(user)
os.setuid(user)
sending, receiving = socket.socketpair()
for round in range(2):
    socket.send_fds(sending, [b'x'], [0] * 250)
print('full', flush=True)
sys.stdin.read()
)";

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("who comes while too many descriptors are on their way waits and gets in") {
        if (!is_root()) return tests::skip("only root can have a user for this test alone");
        if (!have_proc()) return tests::skip("other systems have no such limit");
        const TempDir place;
        Daemon::Setting setting = as_ordinary_user(place, {"room lobby"}, "chatd");
        const Words filler{"python3", "-c", fill, setting.wrapper.at(1)};
        for (const char* const word : {"bash", "-c", "ulimit -n 256; exec \"$0\" \"$@\""})
            setting.wrapper.emplace_back(word);
        const Daemon daemon{setting};
        ChatClient sits{daemon, "sits"}, comes{daemon};
        comes.wait_for_text("Your name: ");

        Process many{filler};
        many.out().wait_for("full\n");
        comes.send("comes\n\n");
        daemon.wait_for_log("enter comes room lobby"); // and is sent the log's descriptor, which cannot go
        ChatClient newest{daemon};
        wait_until("a client is accepted that has no process yet",
                   [&] { return chatctl(daemon, {"stats"}).find("\naccepted 3\n") != std::string::npos; });
        ChatClient last{daemon}; // for whom the spawner is not free yet
        CHECK(chatctl(daemon, {"stats"}).find("\nclients ") != std::string::npos);
        sits.expect_line("comes joined");
        sits.say("still here");

        many.close_input();
        CHECK(many.wait() == 0);
        comes.wait_for_text("You are in lobby.");
        comes.wait_for_line("sits say: still here");
        newest.wait_for_text("Your name: ");
        last.wait_for_text("Your name: ");
        newest.send("newest\n\n");
        newest.wait_for_text("You are in lobby.");
        sits.wait_for_line("newest joined");
    }
}
