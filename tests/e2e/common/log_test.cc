// SPDX-License-Identifier: ISC
// A log that nobody reads holds no daemon up.
#include "tests/e2e/harness.hh"
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/fd.hh"
#include "common/text.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>

using namespace e2e;
using common::text;

TEST_SUITE("e2e") {
    TEST_CASE("a daemon whose standard error nobody reads goes on serving and says what is missing") {
#if defined(F_SETPIPE_SZ)
        const TempDir folder;
        const Path state = folder.make_shared("home") / "state";
        const common::Fd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
        auto [reading, writing] = make_pipe();
        REQUIRE(::fcntl(writing.get(), F_SETPIPE_SZ, 16384) > 0); // soon full
        Child daemon{
            {"ftpd", "-d", "-o", "listen 127.0.0.1:0", "-o", text("state ", state.native()), "-o",
             text("root ", folder.make_shared("files").native()), "-o", "keep-partials 0", "-o",
             "connect-rate 0"},
            {.descriptors = {null.get(), writing.get(), writing.get()}, .environment = {}, .terminal = {}}};
        std::string log;
        std::array<char, 4096> piece{};
        const auto read_more = [&, &from = reading] {
            const std::size_t size = common::read_some(from.get(), piece).bytes;
            REQUIRE(size > 0);
            log.append(piece.data(), size);
        };
        const std::string words = "listening on ";
        std::size_t at = 0;
        while ((at = log.find(words)) == log.npos || log.find('\n', at) == log.npos) read_more();
        at += words.size();
        const common::Address address =
            common::resolve_address(log.substr(at, log.find('\n', at) - at)).at(0);

        for (int i = 0; i < 250; ++i) { // two lines each
            FtpClient client{address};
            client.command("NOOP", 200);
            client.command("QUIT", 221);
        }
        CHECK((::fcntl(writing.get(), F_GETFL) & O_NONBLOCK) == 0); // it is ours, too
        const Result stats = run_client({"ftpctl", "-s", (state / "control").native(), "stats"});
        CHECK(stats.status == 0);
        CHECK(stats.out.find("log-lines-lost ") != std::string::npos);
        CHECK(stats.out.find("log-lines-lost 0\n") == std::string::npos);

        writing.reset();
        while (log.size() < 16384 / 2) read_more(); // now there is room
        FtpClient client{address};
        client.command("NOOP", 200);
        while (log.find("lines of the log lost ") == log.npos) read_more();
        daemon.signal(SIGTERM);
        while (!log.ends_with("]: stopped\n")) read_more();
        CHECK(daemon.wait() == 0);
#else
        tests::skip("this system makes no small pipes");
#endif
    }
}
