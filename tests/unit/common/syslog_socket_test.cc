// SPDX-License-Identifier: ISC
#include "common/syslog_socket.hh"

#include "common/address.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

using namespace common;

namespace {

// What a system's log is to those who write to it.
Fd listen_at(const std::string& path, int type) {
    ::unlink(path.c_str());
    Fd socket{checked("socket", {}, [&] { return ::socket(AF_UNIX, type, 0); })};
    const Address at = Address::of_path(path);
    checked("bind", path, [&] { return ::bind(socket.get(), at.data(), at.size()); });
    if (type == SOCK_STREAM) checked("listen", path, [&] { return ::listen(socket.get(), 5); });
    return socket;
}

std::string receive(const Fd& from) {
    std::array<char, 4096> buffer{};
    const ssize_t size = ::recv(from.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string{buffer.data(), static_cast<std::size_t>(size)};
}

// "<27>Nov 29 10:20:17 program: line" without the time.
std::string without_time(const std::string& message) {
    const std::size_t end = message.find('>') + 1;
    REQUIRE(message.size() > end + 16);
    CHECK(message[end + 3] == ' ');
    CHECK(message[end + 9] == ':');
    CHECK(message[end + 15] == ' ');
    return message.substr(0, end) + message.substr(end + 16);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("syslog socket: a line has priority and time and program and comes to a log of any type") {
        const TemporaryFolder folder;
        const std::string path = folder / "log";
        for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
            CAPTURE(type);
            Fd daemon = listen_at(path, type);
            SyslogSocket log{"tests", {folder / "none", path}};
            CHECK(log.is_heard());
            CHECK(log.send(LOG_ERR, "one"));
            CHECK(log.send(LOG_NOTICE, "two"));
            if (type == SOCK_DGRAM) {
                CHECK(without_time(receive(daemon)) == "<27>tests: one");
                CHECK(without_time(receive(daemon)) == "<29>tests: two");
            } else {
                const Fd accepted{::accept(daemon.get(), nullptr, nullptr)};
                const std::string both = receive(accepted);
                const std::size_t first = both.find('\0');
                CHECK(without_time(both.substr(0, first)) == "<27>tests: one");
                CHECK(without_time(both.substr(first + 1)) == std::string("<29>tests: two") + '\0');
            }
        }
    }

    TEST_CASE("syslog socket: a log that does not read takes no more and nobody waits for it") {
        const TemporaryFolder folder;
        const std::string path = folder / "log";
        for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
            CAPTURE(type);
            const Fd daemon = listen_at(path, type);
            ::alarm(60); // for one who waits
            SyslogSocket log{"tests", {path}};
            const std::string line(1000, 'x');
            int taken = 0;
            while (log.send(LOG_ERR, line)) ++taken;
            ::alarm(0);
            CHECK(taken > 0);
            if (type != SOCK_DGRAM) continue;
            while (receive(daemon) != "nothing") --taken;
            CHECK(taken == 0);
            CHECK(log.send(LOG_ERR, "again"));
            CHECK(without_time(receive(daemon)) == "<27>tests: again");
        }
    }

    TEST_CASE("syslog socket: a log that was started again is found again") {
        const TemporaryFolder folder;
        const std::string path = folder / "log";
        SyslogSocket log{"tests", {path}};
        CHECK_FALSE(log.is_heard());
        CHECK_FALSE(log.send(LOG_ERR, "too early"));
        Fd daemon = listen_at(path, SOCK_DGRAM);
        CHECK(log.send(LOG_ERR, "one"));
        daemon = listen_at(path, SOCK_DGRAM);
        CHECK(log.send(LOG_ERR, "two"));
        CHECK(without_time(receive(daemon)) == "<27>tests: two");
    }
}
