// SPDX-License-Identifier: ISC
// What a death costs: a session's its one client, the daemon's nothing but its sessions.
#include "tests/e2e/observe.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <signal.h>

using namespace e2e;

namespace {

constexpr std::size_t file_size = 24 << 20; // more than a connection's buffers hold

// Clients in every state in which the daemon may die under them.
struct Clients {
    explicit Clients(const Daemon& daemon)
        : idle(daemon),
          fetching(connect_logged_in(daemon)),
          fetched(begin_transfer(fetching, "RETR endless")),
          storing(connect_logged_in(daemon)),
          stored(begin_transfer(storing, "STOR new")),
          getting(daemon),
          putting(daemon),
          waiting(connect_logged_in(daemon)) {
        stored.send("half of it");
        getting.command("GET endless", 150);
        putting.command("ALLO 1000", 200);
        putting.command("PUT other", 150);
        putting.send("half of it");
        waiting.open_data().close(); // accepts nothing before a transfer
        for (const FtpClient* client : {&idle, &fetching, &storing, &getting, &putting, &waiting})
            sessions.push_back(session_of(daemon, *client));
    }

    FtpClient idle, fetching;
    Connection fetched;
    FtpClient storing;
    Connection stored;
    FtpClient getting, putting, waiting;
    std::vector<pid_t> sessions;
};

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a session that is killed costs one client and leaves no zombie") {
        const Daemon daemon{{.lines = {"max-clients 2", "max-per-address 2"}}};
        const std::string bytes = make_bytes(file_size);
        write_file(daemon.files() / "file", bytes);
        FtpClient other = connect_logged_in(daemon);
        Connection data = begin_transfer(other, "RETR file");
        FtpClient victim = connect_logged_in(daemon);

        const pid_t session = session_of(daemon, victim);
        ::kill(session, SIGKILL);
        CHECK(wait_for_end_of(daemon, session) == "signal 9 (Killed)");
        victim.wait_for_end();
        CHECK(children_of(daemon.main_pid()).size() == (have_proc() ? 1 : 0));
        CHECK(stat_of(daemon, "crashed") == 1);
        CHECK(stat_of(daemon, "clients") == 1);
        CHECK(ask(daemon, {"who"}).find(std::to_string(session)) == std::string::npos);
        CHECK(data.read_to_end() == bytes);
        other.expect(226);

        FtpClient next{daemon}; // its place is free, in all and for its address
        next.command("NOOP", 200);
    }

    TEST_CASE("a session that crashes in the midst of a transfer costs one client") {
        const Daemon daemon{{.children_fail = true}};
        make_endless_file(daemon.files() / "endless");
        FtpClient victim = connect_logged_in(daemon), other = connect_logged_in(daemon);
        Connection data = begin_transfer(victim, "RETR endless");
        const pid_t session = session_of(daemon, victim);
        ::kill(session, SIGABRT); // SIGSEGV would be the sanitizers' own
        CHECK(wait_for_end_of(daemon, session).starts_with("signal 6 "));
        data.wait_for_end();
        victim.wait_for_end();
        other.command("NOOP", 200);
    }

    TEST_CASE("no session outlives a daemon that is killed and the next one starts at its place") {
        const TempDir place;
        const Path files = place.make_shared("files"), state = place.make_shared("home") / "state";
        make_endless_file(files / "endless");
        Daemon::Setting setting{.lines = {"root " + files.native(), "state " + state.native(),
                                          "anonymous write", "listen 127.0.0.1:0"}};
        std::optional<Daemon> daemon{std::in_place, setting};
        const std::string port = std::to_string(daemon->port());
        Clients clients{*daemon};
        daemon->kill();
        if (have_proc())
            wait_until("all sessions are gone",
                       [&] { return std::ranges::none_of(clients.sessions, is_alive); });
        clients.idle.expect(421);
        CHECK(clients.idle.read_to_end().empty());
        for (Connection* connection : {&clients.fetched, &clients.stored}) connection->wait_for_end();
        for (FtpClient* client : {&clients.fetching, &clients.storing, &clients.waiting})
            CHECK(client->read_to_end().starts_with("421"));

        setting.lines.back() = "listen 127.0.0.1:" + port; // though the old connections still stand
        Daemon next{setting};
        FtpClient client = connect_logged_in(next);
        CHECK(client.fetch("NLST") == "endless\r\n");
        client.command("SIZE new", 213); // the interrupted upload is there to be continued
        CHECK(run_client({"ftpctl", "-s", state / "control", "who"}).status == 0);
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("a stopped session holds up neither its siblings nor the daemon's end") {
        Daemon daemon;
        FtpClient client{daemon}, other{daemon};
        const pid_t session = session_of(daemon, client);
        ::kill(session, SIGSTOP);
        other.command("NOOP", 200);
        CHECK(ask(daemon, {"who"}).find(std::to_string(session)) != std::string::npos);
        daemon.stop(); // it is killed after a while
        CHECK(wait_for_end_of(daemon, session) == "signal 9 (Killed)");
    }
}
