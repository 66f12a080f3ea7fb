// SPDX-License-Identifier: ISC
// A hub that is silent for a while, as when it is another one soon: what is typed waits and is said then, its
// client is told once, and what stands in the logs is shown.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/pty.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <signal.h>

using namespace e2e;
using common::text;

namespace {

constexpr std::string_view waits = "The server takes a moment: what you type waits.";

// Stopped as long as this lives.
class Silence {
public:
    explicit Silence(const Daemon& daemon) : hub_(daemon.main_pid()) { ::kill(hub_, SIGSTOP); }
    ~Silence() { ::kill(hub_, SIGCONT); }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

private:
    pid_t hub_;
};

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("while the hub is silent what is typed waits and its client is told so once") {
        if (!have_proc()) return tests::skip("only /proc shows which process the hub is");
        const Daemon daemon{chatd_with({"history-on-join 0"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        for (int times = 0; times < 2; ++times) { // and the next time again
            {
                const Silence silence{daemon};
                ada.say("one");
                ada.expect_line(waits);
                ada.say("two");
                ada.send("/topic tea\n");
            }
            bob.expect_line("ada say: one");
            bob.expect_line("ada say: two");
            bob.expect_line("ada set the topic: tea");
            ada.expect_line("ada set the topic: tea"); // and not that it waits
        }
    }

    TEST_CASE("an idle client whose line waits for the hub is not taken for one that says nothing") {
        if (!have_proc()) return tests::skip("only /proc shows which process the hub is");
        const Daemon daemon{chatd_with({"history-on-join 0", "idle-timeout 2"})};
        ChatClient ada{daemon, "ada"};
        {
            const Silence silence{daemon};
            ada.say("one");
            ada.expect_line(waits); // after 3 s
        }
        ada.send("/who\n");
        ada.expect_line("ada");
        ada.expect_line("You have said nothing for 2 seconds: goodbye.");
    }
}

TEST_SUITE("e2e") {
    TEST_CASE("who waits at chat and in a pipe and in Chinese is told so and no line is lost or doubled") {
        if (!have_proc()) return tests::skip("only /proc shows which process the hub is");
        const Daemon daemon{chatd_with({"history-on-join 0"})};
        const auto address = [&](std::string_view name) { return text(name, "@127.0.0.1:", daemon.port()); };
        ChatClient bob{daemon, "bob"};
        Pty ada{{"chat", address("ada"), ""}, {"LC_ALL=C", "TERM="}};
        ada.wait_for("You are in ");
        ada.wait_for("> ");
        bob.expect_line("ada joined");
        Pty pipe{{"sh", "-c", "cat | exec \"$0\" \"$1\" lobby", find_program("chat"), address("ci")}};
        bob.expect_line("ci joined");
        bob.send("/lang zh\n");
        bob.wait_for_line("从现在起使用中文。");
        {
            const Silence silence{daemon};
            ada.type("one\r");
            ada.type("half a l"); // below which it is told
            pipe.type("three\n");
            bob.say("four");
            bob.expect_line("服务器需要一点时间：您输入的内容会稍后发送。");
            ada.wait_for(waits);
            ada.wait_for("> half a l");
            pipe.wait_for(waits);
        }
        ada.wait_for("say: four");
        ada.type("ine\r");
        bob.wait_for_line("ada说：half a line");
        const std::string history = chatctl(daemon, {"history", "lobby"});
        for (const std::string_view line : {"ada say: one\n", "ci say: three\n", "bob say: four\n"}) {
            const std::size_t at = history.find(line);
            CHECK(at != std::string::npos);
            CHECK(history.find(line, at + 1) == std::string::npos);
        }
    }
}
