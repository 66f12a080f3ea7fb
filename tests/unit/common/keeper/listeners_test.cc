// SPDX-License-Identifier: ISC
#include "common/keeper/listeners.hh"

#include "common/errors.hh"
#include "common/keeper/keeper_link.hh"
#include "common/socket.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <functional>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace common;
using namespace std::chrono_literals;

namespace {

// What a daemon that was killed has left: a process that still has its listener, and ends when end returns.
class Leftover {
public:
    Leftover(Fd listener, const std::function<void(const Fd&)>& end) : pid_(::fork()) {
        if (pid_ != 0) return;
        end(listener);
        ::_exit(0);
    }
    ~Leftover() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Leftover(const Leftover&) = delete;
    Leftover& operator=(const Leftover&) = delete;

private:
    pid_t pid_;
};

void wait_for_a_client(const Fd& listener) {
    pollfd one{listener.get(), POLLIN, 0};
    ::poll(&one, 1, 60'000);
}

void wait_for_a_moment(const Fd&) { ::poll(nullptr, 0, 100); }

void wait_for_ever(const Fd&) {
    for (;;) ::pause();
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("listeners: what a killed daemon has left to end is waited for") {
        const TemporaryFolder folder;
        const Address path = Address::of_path(folder / "socket");
        {
            // Its end comes after somebody has seen that it is there.
            const Leftover left{listen_on(path), wait_for_a_client};
            CHECK(listen_within(60s, path));
        }
        Fd listener = listen_on(resolve_address("127.0.0.1:0").at(0));
        const Address port = local_address(listener.get());
        const Leftover left{std::move(listener), wait_for_a_moment};
        CHECK(listen_within(60s, port));
    }

    TEST_CASE("listeners: one that is there begins or ends to be for TLS and nobody who waits is lost") {
        std::string place = local_address(listen_on(resolve_address("127.0.0.1:0").at(0)).get()).shown();
        for (const bool begins : {true, false}) {
            const std::string plain = begins ? place : place + " tls",
                              other = begins ? place + " tls" : place;
            Listeners listeners{{}, false, Listeners::Files::are_ours};
            listeners.open({plain}, nullptr, 60s);
            REQUIRE(listeners.all().size() == 1);
            const std::string label = listeners.all()[0].label;
            CHECK(label.ends_with(" tls") == !begins);
            const int fd = listeners.all()[0].fd.get();
            std::vector<std::string> heard;
            listeners.tell_changes(
                [&](const Listeners::Listener& one) { heard.push_back("new " + one.label); },
                [&](const std::string& gone) { heard.push_back("gone " + gone); });
            listeners.open({other}, nullptr);
            REQUIRE(listeners.all().size() == 1);
            CHECK(listeners.all()[0].label == "listen " + other);
            CHECK(listeners.all()[0].fd.get() == fd);
            CHECK(heard == std::vector<std::string>{"new listen " + other, "gone " + label});
            std::vector<Note> told;
            listeners.open({plain, other}, &told); // not both
            CHECK(told.size() == 1);
            CHECK(listeners.all().size() == 1);
        }
    }

    TEST_CASE("listeners: one that is there begins or ends to be for IRC with or without TLS") {
        const std::string place =
            local_address(listen_on(resolve_address("127.0.0.1:0").at(0)).get()).shown();
        const TemporaryFolder folder;
        const std::string path = "unix:" + (folder / "irc");
        Listeners listeners{{}, false, Listeners::Files::are_ours};
        listeners.open({place, path}, nullptr, 60s);
        REQUIRE(listeners.all().size() == 2);
        const int fd = listeners.all()[0].fd.get(), of_path = listeners.all()[1].fd.get();
        for (const std::string words : {" irc", " irc tls", " tls", " irc", ""}) {
            const std::string other = words.ends_with("tls") ? "" : words; // a path has none
            listeners.open({place + words, path + other}, nullptr);
            REQUIRE(listeners.all().size() == 2);
            CHECK(listeners.all()[0].label == "listen " + place + words);
            CHECK(listeners.all()[0].fd.get() == fd);
            CHECK(listeners.all()[1].label == "listen " + path + other);
            CHECK(listeners.all()[1].fd.get() == of_path);
        }
        // Two of port 0 are two, whatever they speak.
        listeners.open({"127.0.0.1:0", "127.0.0.1:0 irc", "127.0.0.1:0 irc"}, nullptr);
        REQUIRE(listeners.all().size() == 3);
        CHECK(speaks_irc(listeners.all()[1].label));
        CHECK(speaks_irc(listeners.all()[2].label));
    }

    TEST_CASE("listeners: a path may have blanks and the word tls in it") {
        const TemporaryFolder folder;
        for (const std::string name : {"with a blank", "x tls"}) {
            Listeners listeners{{}, false, Listeners::Files::are_ours};
            listeners.open({"unix:" + (folder / name)}, nullptr);
            REQUIRE(listeners.all().size() == 1);
            CHECK(local_address(listeners.all()[0].fd.get()).path() == folder / name);
            CHECK(!speaks_tls(listeners.all()[0].label));
        }
        CHECK(speaks_tls("listen 127.0.0.1:0 tls+"));
        CHECK(!speaks_tls("listen 127.0.0.1:0+"));
        CHECK(!speaks_tls("inherited unix:/x tls 3"));
    }

    TEST_CASE("listeners: what another process serves is refused once the time is over") {
        const TemporaryFolder folder;
        const Address path = Address::of_path(folder / "socket");
        Fd listener = listen_on(resolve_address("127.0.0.1:0").at(0));
        const Address port = local_address(listener.get());
        const Leftover one{listen_on(path), wait_for_ever}, other{std::move(listener), wait_for_ever};
        for (const auto limit : {0ms, 50ms}) {
            const auto before = std::chrono::steady_clock::now();
            CHECK_THROWS_AS(listen_within(limit, path), UserError);
            CHECK(std::chrono::steady_clock::now() - before >= limit);
            CHECK_THROWS_AS(listen_within(limit, port), std::system_error);
        }
    }

    TEST_CASE("listeners: who follows closes what is wanted no more and opens nothing") {
        const TemporaryFolder folder;
        const std::string kept = folder / "kept", gone = folder / "gone", fresh = folder / "fresh";
        std::vector<Listeners::Listener> there;
        for (const std::string& path : {kept, gone})
            there.push_back({"listen unix:" + path, listen_on(Address::of_path(path))});
        Listeners listeners{std::move(there), false, Listeners::Files::are_ours};
        listeners.leave_out({"listen unix:" + fresh, "listen unix:" + gone});
        REQUIRE(listeners.all().size() == 1);
        CHECK(listeners.all().at(0).label == "listen unix:" + kept);
        CHECK(::access(kept.c_str(), F_OK) == 0);
        CHECK(::access(gone.c_str(), F_OK) != 0);
        CHECK(::access(fresh.c_str(), F_OK) != 0);
    }
}
