// SPDX-License-Identifier: ISC
// A client that is gone frees its session, in whatever state that is, though every time-out is far away.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <functional>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

const Daemon::Setting patient{
    .lines = {"anonymous write", "idle-timeout 0", "connect-timeout 100000", "stall-timeout 100000"}};

using Leave = std::function<void(Connection&)>;
const std::pair<const char*, Leave> ways_to_leave[]{
    {"close", [](Connection& connection) { connection.close(); }},
    {"reset", [](Connection& connection) { connection.reset(); }},
};

// Brings a client into a state, has it leave, and waits for the end of its session. What the state has opened
// beside the control connection stays open after a reset. A close looks like an end of the input alone: the
// system closes all that a dead client had.
template <class State>
void leave_in(const Daemon& daemon, const char* what, const State& bring) {
    for (const auto& way : ways_to_leave) {
        CAPTURE(what);
        CAPTURE(way.first);
        FtpClient client = connect_logged_in(daemon);
        const pid_t session = session_of(daemon, client);
        [[maybe_unused]] auto kept = bring(client);
        way.second(client);
        if constexpr (std::is_same_v<decltype(kept), Connection>)
            if (std::string_view{way.first} == "close") kept.close();
        CHECK(wait_for_end_of(daemon, session) == "exit 0");
    }
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a client that vanishes frees its session in whatever state it was") {
        const Daemon daemon{patient};
        make_endless_file(daemon.files() / "endless");
        write_shared(daemon.files() / "old", "old");
        leave_in(daemon, "idle", [](FtpClient&) { return 0; });
        leave_in(daemon, "half a command", [](FtpClient& client) { return client.send("NOO"), 0; });
        leave_in(daemon, "a data connection prepared",
                 [](FtpClient& client) { return client.command("EPSV", 229), 0; });
        leave_in(daemon, "a download that nobody reads",
                 [](FtpClient& client) { return begin_transfer(client, "RETR endless"); });
        leave_in(daemon, "an upload that stands still", [](FtpClient& client) {
            Connection data = begin_transfer(client, "STOR new");
            data.send("half");
            return data;
        });
        leave_in(daemon, "an upload in place", [](FtpClient& client) {
            client.command("REST 1", 350);
            return begin_transfer(client, "STOR old");
        });
        leave_in(daemon, "a body that does not come", [](FtpClient& client) {
            client.command("ALLO 10", 200);
            return client.command("PUT other", 150), 0;
        });
        leave_in(daemon, "a body that nobody reads",
                 [](FtpClient& client) { return client.command("GET endless", 150), 0; });
        CHECK(read_file(daemon.files() / "old") == "old");
        daemon.wait_until_idle();
    }

    TEST_CASE("nothing more is written for a client whose control connection is closed") {
        const Daemon daemon{patient};
        FtpClient client = connect_logged_in(daemon);
        const pid_t session = session_of(daemon, client);
        Connection data = begin_transfer(client, "STOR new");
        data.send("before");
        wait_until("the bytes are there",
                   [&] { return client.command("STAT", 211).find(": 6 bytes") != std::string::npos; });
        client.close();
        data.try_send("behind"); // it may be seen before or after the close, and is dropped either way
        wait_for_end_of(daemon, session);
        CHECK(read_file(daemon.files() / ".ftpd-new") == "before");
    }

    TEST_CASE("a transfer whose client has only ended its input goes on to its end") {
        const Daemon daemon{patient};
        const std::string bytes = make_bytes(24 << 20);
        write_file(daemon.files() / "file", bytes);
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_transfer(client, "RETR file");
        client.half_close();
        CHECK(data.read_to_end() == bytes);
        client.expect(226);
        CHECK(client.read_to_end().empty());
    }

    TEST_CASE("a client that has ended its input has as long as any other to go on with its data") {
        const Daemon daemon{{.lines = {"anonymous write", "stall-timeout 1"}}};
        make_endless_file(daemon.files() / "endless");
        const std::pair<const char*, const char*> transfers[]{
            {"RETR endless", "426 You have taken no data for 1 seconds"},
            {"STOR new", "426 You have sent no data for 1 seconds"},
        };
        for (const auto& row : transfers) {
            const auto [line, end] = row;
            CAPTURE(row.first);
            FtpClient client = connect_logged_in(daemon);
            const Connection data = begin_transfer(client, line);
            client.half_close();
            CHECK(client.read_reply().text.starts_with(end));
            CHECK(client.read_to_end().empty());
        }
        daemon.wait_until_idle();
    }

    TEST_CASE("a client that has ended its input has as long as any other to make its data connection") {
        const Daemon daemon{{.lines = {"connect-timeout 1"}}};
        write_file(daemon.files() / "file", "content");
        FtpClient late = connect_logged_in(daemon);
        late.command("EPSV", 229);
        late.command("RETR file", 150);
        late.half_close();
        CHECK(late.expect(425).find(" in 1 s") != std::string::npos);
        CHECK(late.read_to_end().empty());
        daemon.wait_until_idle();

        const Daemon waiting{patient};
        write_file(waiting.files() / "file", "content");
        FtpClient client = connect_logged_in(waiting);
        const std::uint16_t port = passive_port(client.command("EPSV", 229));
        client.command("RETR file", 150);
        client.half_close();
        CHECK(Connection{port}.read_to_end() == "content");
        client.expect(226);
        CHECK(client.read_to_end().empty());
        client.close();

        // Nobody can tell this from the end of the input alone; a reset can be told.
        FtpClient gone = connect_logged_in(waiting);
        const pid_t session = session_of(waiting, gone);
        gone.command("EPSV", 229);
        gone.command("RETR file", 150);
        gone.reset();
        CHECK(wait_for_end_of(waiting, session) == "exit 0");
    }
}
