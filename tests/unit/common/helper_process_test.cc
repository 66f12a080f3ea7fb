// SPDX-License-Identifier: ISC
#include "common/helper_process.hh"

#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/signals.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/unit/common/each_backend.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <new>
#include <unistd.h>

using namespace common;
using namespace waiting;

namespace {

// Says its number, then repeats what it is told until its pair ends.
int repeat(const Fd& pair) {
    ::alarm(60); // a failing test leaves nobody behind
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, pair.get()});
    const int flags = ::fcntl(pair.get(), F_GETFL);
    ::fcntl(pair.get(), F_SETFL, flags & ~O_NONBLOCK);
    send_packet(pair.get(), text("born ", ::getpid()));
    std::array<char, 64> packet{};
    for (;;) {
        const Received got = receive_packet(pair.get(), packet, 1);
        if (got.state != IoState::done) return 0;
        send_packet(pair.get(),
                    text(std::string_view{packet.data(), got.bytes}, got.passed ? " with a descriptor" : ""));
    }
}

// A helper and what is heard of it, on a loop in this process.
struct House {
    explicit House(Backend backend, std::function<int(Fd)> body = repeat, bool has_errors_logged = false)
        : loop{backend},
          helper({.role = "helper",
                  .max_packet = 64,
                  .has_errors_logged = has_errors_logged,
                  .body = std::move(body),
                  .on_packet =
                      [this](std::span<const char> packet) {
                          const std::string said(packet.begin(), packet.end());
                          if (said == "nonsense") throw PeerError("it talks nonsense");
                          if (said == "no room") throw std::bad_alloc();
                          heard += (said.rfind("born ", 0) == 0 ? "born" : said) + '\n';
                      },
                  .on_restart = [this] { heard += "restarted\n"; },
                  .on_lost = [this] { heard += "lost\n"; },
                  .restart_pause = 0ms}) {
        loop.at(common::Clock::now() + deadline, [] { throw std::runtime_error("the deadline has passed"); });
    }
    ~House() {
        helper.stop();
        helper.wait();
    }

    void start() {
        REQUIRE(helper.start());
        helper.attach(loop, log);
    }
    void run_until(std::string_view end) {
        while (!heard.ends_with(end)) {
            loop.run_once(signals.while_waiting());
            if (signals.take(SIGCHLD)) reap_children([&](pid_t pid, int status) { helper.end(pid, status); });
        }
    }
    std::string logged() const {
        std::ifstream file{folder / "log"};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    TemporaryFolder folder;
    Log log{"tester", "tester", {Log::Target::file, folder / "log"}, Severity::detail};
    Signals signals{SIGCHLD};
    Loop loop;
    std::string heard;
    HelperProcess helper;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("helper process: packets go both ways in their order with what is passed") {
        each_backend([](Backend backend) {
            House house{backend};
            house.helper.send("sent before it was there");
            house.start();
            house.helper.send("one");
            Pipe pipe;
            house.helper.send("two", std::move(pipe.reader));
            house.run_until("two with a descriptor\n");
            CHECK(house.heard == "born\nsent before it was there\none\ntwo with a descriptor\n");
            CHECK(house.helper.waiting() == 0);
        });
    }

    TEST_CASE("helper process: one that dies is followed by another which gets what was sent meanwhile") {
        each_backend([](Backend backend) {
            House house{backend};
            house.start();
            const pid_t first = house.helper.pid();
            house.run_until("born\n");
            house.helper.kill();
            CHECK_FALSE(house.helper.runs());
            house.helper.send("still here?");
            CHECK(house.helper.waiting() == 1);
            house.run_until("still here?\n");
            CHECK(house.heard == "born\nlost\nrestarted\nborn\nstill here?\n");
            CHECK(house.helper.pid() != first);
            CHECK(house.logged().find(text(
                      "helper ", first, " ended: signal 9 (Killed); starting another")) != std::string::npos);
        });
    }

    TEST_CASE("helper process: one with which something goes wrong is killed and followed by another") {
        for (const std::string& wrong :
             {std::string{"nonsense"}, std::string{"no room"}, std::string(65, 'x')}) {
            House house{Backend::poll, [&](const Fd& pair) {
                            send_packet(pair.get(), wrong);
                            return repeat(pair);
                        }};
            house.start();
            const pid_t first = house.helper.pid();
            house.run_until("restarted\n");
            CHECK(house.heard.substr(0, 15) == "lost\nrestarted\n");
            CHECK(house.logged().find(text("helper ", first, " is killed: ")) != std::string::npos);
        }
    }

    TEST_CASE("helper process: what it writes on its standard error is in the log and it goes on") {
        House house{
            Backend::poll,
            [](const Fd& pair) {
                const std::string long_line = std::string(100, 'x') + '\n'; // than a packet may be
                for (const std::string_view words : {"one\ntwo ", "three\n", long_line.c_str(), "last"})
                    write_some(STDERR_FILENO, words);
                send_packet(pair.get(), std::string_view{"\1packet"});
                return 3;
            },
            true};
        house.start();
        const pid_t first = house.helper.pid();
        house.run_until("restarted\n");
        CHECK(house.heard.starts_with("\1packet\nlost\n"));
        const std::string head = text("helper[", first, "]: standard error: "), logged = house.logged();
        for (const std::string_view line : {"one\n", "two three\n", "last\n"})
            CHECK(logged.find(head + std::string{line}) != std::string::npos);
        CHECK(logged.find(head + std::string(64, 'x')) != std::string::npos);
        CHECK(logged.find("is killed") == std::string::npos);
    }

    TEST_CASE("helper process: what it said last is heard before its end") {
        House house{Backend::poll, [](const Fd& pair) -> int {
                        send_packet(pair.get(), std::string_view{"farewell"});
                        ::_exit(
                            3); // else the pair ends first, and it may be killed before it has ended itself
                    }};
        house.start();
        house.run_until("restarted\n");
        CHECK(house.heard.substr(0, 24) == "farewell\nlost\nrestarted\n");
        CHECK(house.logged().find(" ended: exit 3; starting another") != std::string::npos);
    }

    TEST_CASE("helper process: at a stop it ends and nobody follows") {
        House house{Backend::poll};
        house.start();
        house.run_until("born\n");
        house.helper.stop();
        CHECK_FALSE(house.helper.runs());
        house.helper.wait();
        CHECK(::kill(house.helper.pid(), 0) == -1);
        CHECK(house.heard == "born\n");
        CHECK(house.logged().empty());
    }

    TEST_CASE("helper process: the end of another's child is another's") {
        House house{Backend::poll};
        house.start();
        CHECK_FALSE(house.helper.end(house.helper.pid() + 1, 0));
        CHECK(house.helper.runs());
    }
}
