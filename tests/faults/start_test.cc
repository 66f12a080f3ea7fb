// SPDX-License-Identifier: ISC
// A system call of a daemon fails while it starts, or of one of the processes that it starts: it serves, or
// it ends with status 1 and says why.
#include "common/text.hh"
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/faults/calls.hh"
#include "tests/skip.hh"

#include <doctest/doctest.h>
#include <functional>
#include <iostream>
#include <signal.h>

namespace faults {
namespace {

using namespace e2e;
using common::text;

constexpr Seconds start_limit{5}; // it may be that it cannot say that it listens
constexpr Seconds stop_limit{30};
constexpr std::string_view listening = "listening on 127.0.0.1:";

class Starts {
public:
    // serve: what a newcomer does at this port.
    Starts(std::string program, Words lines, std::function<void(std::uint16_t)> serve)
        : program_(std::move(program)), lines_(std::move(lines)), serve_(std::move(serve)) {}

    void run() {
        const auto seen = start(std::nullopt).calls;
        REQUIRE(!seen.empty());
        const std::vector<Fault> faults = faults_for(seen, Share::all);
        unsigned hit = 0;
        for (const Fault& fault : faults) {
            Seen now;
            try {
                now = start(fault);
            } catch (const std::exception& failure) {
                FAIL_CHECK(text("FAULT ", program_, ", start, ", fault.shown(), ": ", failure.what()));
            }
            if (now.failed > 0) ++hit;
        }
        std::cout << text("faults: ", program_, ", start: ", faults.size(), " faults, ", hit, " hit\n");
        CHECK(hit * 2 >= faults.size());
    }

private:
    // Throws Failure when it does neither.
    Seen start(const std::optional<Fault>& fault) {
        const TempDir folder;
        const Path state = folder.make_shared("home") / "state";
        Words command{program_, "-d", "-o", "listen 127.0.0.1:0", "-o", text("state ", state.native())};
        for (const std::string& line : lines_) command.insert(command.end(), {"-o", line});
        Traced traced{command, fault};
        Process& daemon = traced.program();
        std::size_t found = 0;
        try {
            found = daemon.err().wait_for("\n", daemon.err().wait_for(listening, 0, start_limit));
        } catch (const Failure&) {
            const Seen seen = is_alive(daemon.pid()) ? traced.detach() : Seen{};
            if (is_alive(daemon.pid()) && answers(daemon, state / "control")) {
                stop(daemon);
                return seen;
            }
            check_end(daemon, fault);
            return traced.detach();
        }
        const Seen seen = traced.detach();
        try {
            const std::string told = daemon.err().text();
            serve_(
                static_cast<std::uint16_t>(std::stoi(told.substr(told.find(listening) + listening.size()))));
            stop(daemon);
        } catch (const std::exception& failure) {
            throw Failure{text(failure.what(), "; the call: ", seen.first_failed,
                               "; it said: ", on_one_line(daemon.err().text().substr(0, found + 2000)))};
        }
        return seen;
    }

    // What failed was that it says where it listens, or that it can: once nothing fails, it answers, or it
    // ends.
    bool answers(const Process& daemon, const Path& control) const {
        bool done = false;
        wait_until("it serves or ends", [&] {
            const Words stats{program_ == "chatd" ? "chatctl" : "ftpctl", "-s", control, "stats"};
            return !is_alive(daemon.pid()) || (done = run_client(stats).status == 0);
        });
        return done;
    }
    static void stop(Process& daemon) {
        daemon.signal(SIGTERM);
        if (const int status = daemon.wait(stop_limit); status != 0)
            throw Failure{text("stopped with status ", status)};
    }
    static void check_end(Process& daemon, const std::optional<Fault>& fault) {
        const int status = daemon.wait(stop_limit);
        const std::string told = daemon.err().text();
        const bool is_said = !told.empty() && told.find("terminate called") == told.npos;
        const bool is_good = status == 1 && (is_said || (fault && fault->call == "write"));
        // The C library's end, before main.
        const bool is_early = (status == 127 && is_said) || (fault && !why_may_end("start", *fault).empty());
        if (!is_good && !is_early)
            throw Failure{text("it ended with status ", status, " and said: ", on_one_line(told))};
    }

    std::string program_;
    Words lines_;
    std::function<void(std::uint16_t)> serve_;
};

} // namespace

TEST_SUITE("e2e slow faults") {
    TEST_CASE("faults: chatd: start") {
        if (is_sanitized()) return tests::skip("the sanitizers make calls of their own");
        if (const std::string why = why_no_strace(); !why.empty()) return tests::skip(why);
        Starts{"chatd",
               {"room lobby", "operator chief " + hash_of("sun")},
               [](std::uint16_t port) {
                   Connection newcomer{port, stop_limit};
                   newcomer.send("ada\n\n/quit\n");
                   if (newcomer.read_to_end().find("You are in lobby.") == std::string::npos)
                       throw Failure{"not let in"};
               }}
            .run();
    }

    TEST_CASE("faults: ftpd: start") {
        if (is_sanitized()) return tests::skip("the sanitizers make calls of their own");
        if (const std::string why = why_no_strace(); !why.empty()) return tests::skip(why);
        const TempDir folder;
        write_file(folder / "users", text("ann:", hash_of("sesame"), ":/:list\n"));
        std::filesystem::permissions(folder / "users", std::filesystem::perms::owner_all);
        Starts{"ftpd",
               {text("users ", (folder / "users").native()), "root " + folder.make_shared("root").native()},
               [](std::uint16_t port) {
                   // Who comes while authd is started again is told to come again.
                   wait_until("a newcomer can log in", [&] {
                       Connection newcomer{port, stop_limit};
                       newcomer.expect(220);
                       newcomer.command("USER ann", 331);
                       newcomer.send("PASS sesame\r\n");
                       const Reply reply = newcomer.read_reply();
                       if (reply.code == 230) return true;
                       if (reply.text.find("connect again in a moment") == std::string::npos)
                           throw Failure{reply.text};
                       return false;
                   });
               }}
            .run();
    }

    TEST_CASE(
        "faults: a process that serves and cannot go on is followed by one that serves in the same places") {
        if (is_sanitized()) return tests::skip("the sanitizers make calls of their own");
        if (const std::string why = why_no_strace(); !why.empty()) return tests::skip(why);
        for (const std::string program : {"ftpd", "chatd"}) {
            CAPTURE(program);
            Daemon daemon{program == "ftpd" ? Daemon::Setting{.lines = {"events poll"}}
                                            : chatd_with({"events poll"})};
            const std::uint16_t port = daemon.port();
            const pid_t first = daemon.main_pid();
            try {
                const Strace strace{first, Fault{is_posix_build() ? "poll" : "ppoll", "ENOMEM", 1, true}};
                daemon.wait_for_log("cannot go on: ");
                daemon.wait_for_log("; starting another\n");
            } catch (const CannotTrace& why) {
                return tests::skip(why.what());
            }
            wait_until("there is another", [&] { return daemon.addresses().size() == 2; });
            CHECK(daemon.addresses()[1].port() == port);
            Connection newcomer{port, stop_limit};
            newcomer.send(program == "ftpd" ? "QUIT\n" : "ada\n\n/quit\n");
            CHECK(newcomer.read_to_end().find(program == "ftpd" ? "221 " : "Your name: ") !=
                  std::string::npos);
            const std::string control = daemon.state() / "control";
            CHECK(run_client({program == "ftpd" ? "ftpctl" : "chatctl", "-s", control, "stats"}).status == 0);
        }
    }
}

} // namespace faults
