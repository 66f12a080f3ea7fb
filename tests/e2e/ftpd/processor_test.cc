// SPDX-License-Identifier: ISC
// A session that waits uses no processor, whatever it waits for and whatever else is ready, or dead,
// meanwhile.
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/skip.hh"

#include "common/text.hh"
#include "common/unacknowledged.hh"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
using common::text;
using std::chrono::milliseconds;

namespace {

// A transfer that is kept to a rate, for time that passes: one of a daemon of its own.
class Hourglass {
public:
    Hourglass() { write_file(daemon_.files() / "sand", make_bytes(30'000)); }
    void run_out() { connect_logged_in(daemon_).fetch("RETR sand"); }

private:
    Daemon daemon_{{.lines = {"rate-down 10000"}}};
};

// The session goes on as it is for seconds, of which it needs next to nothing. One that turns in circles gets
// its share of the machine, however busy that is.
void check_idle(pid_t session) {
    Hourglass hourglass;
    const milliseconds before = stat_of_process(session).used;
    hourglass.run_out();
    REQUIRE(is_alive(session));
    CHECK((stat_of_process(session).used - before).count() < 100);
}

// Sends the line again and again, and reads nothing, until the session can no longer answer.
void flood(FtpClient& client, pid_t session, std::string_view line) {
    std::string lines;
    while (lines.size() < 64 * 1024) lines += line;
    wait_until("the session waits for its client to read", [&] {
        std::size_t at = 0; // of a line: what is cut goes on with the next
        for (;;) {
            const ssize_t sent =
                ::send(client.fd(), lines.data() + at, lines.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent <= 0) break;
            at = (at + static_cast<std::size_t>(sent)) % line.size();
        }
        return stat_of_process(session).is_asleep;
    });
}

// Takes what is there, so that there is room for more.
void drain(const Connection& data) {
    std::array<char, 65536> taken{};
    while (::recv(data.fd(), taken.data(), taken.size(), MSG_DONTWAIT) > 0) {
    }
}

const Daemon::Setting patient{.lines = {"anonymous write", "stall-timeout 1000", "connect-timeout 1000"}};

// Users, and the process that checks their passwords.
struct Office {
    Office() {
        write_file(users, text("ann:", hash_of("sesame"), ":/:list,read\n"));
        REQUIRE(::chmod(users.c_str(), 0600) == 0);
    }
    pid_t authd_of(const Daemon& daemon) const { // before there is a session
        pid_t found = -1;
        wait_until("authd is there", [&] {
            for (const ProcessStatus& child : children_of(daemon.pid()))
                if (child.pid != daemon.main_pid() && is_alive(child.pid)) found = child.pid;
            return found > 0;
        });
        return found;
    }
    TempDir folder;
    std::string users = folder / "users";
    Daemon::Setting setting{.lines = {"users " + users, "anonymous no"}};
};

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a session whose client floods it in a transfer and reads nothing uses no processor") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{patient};
        make_endless_file(daemon.files() / "endless");
        FtpClient client = connect_logged_in(daemon);
        client.set_receive_buffer(4096);
        const pid_t session = session_of(daemon, client);
        Connection data = begin_transfer(client, "RETR endless");
        data.read_exactly(1);
        flood(client, session, "STAT\r\n");
        drain(data);
        check_idle(session);
        data.reset();
        check_idle(session);
    }

    TEST_CASE("a session whose client floods it in an upload and reads nothing uses no processor") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{patient};
        FtpClient client = connect_logged_in(daemon);
        client.set_receive_buffer(4096);
        const pid_t session = session_of(daemon, client);
        Connection data = begin_transfer(client, "STOR file");
        flood(client, session, "STAT\r\n");
        data.send("content");
        check_idle(session);
        data.close();
        check_idle(session);
    }

    TEST_CASE("a session that waits for its data connection or its client floods it uses no processor") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{patient};
        make_endless_file(daemon.files() / "endless");
        FtpClient client = connect_logged_in(daemon);
        client.set_receive_buffer(4096);
        const pid_t session = session_of(daemon, client);
        const std::uint16_t port = passive_port(client.command("EPSV", 229));
        client.command("RETR endless", 150);
        flood(client, session, "STAT\r\n");
        const Connection data{port};
        check_idle(session);
    }

    TEST_CASE("a transfer that is kept to a rate uses no processor while it waits") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{{.lines = {"anonymous write", "rate-up 20000", "rate-down 20000"}}};
        const std::string bytes = make_bytes(300'000);
        write_file(daemon.files() / "file", bytes);
        SUBCASE("STOR") {
            FtpClient client = connect_logged_in(daemon);
            Connection data = begin_transfer(client, "STOR new");
            data.send(bytes);
            check_idle(session_of(daemon, client));
            client.command("ABOR", 426);
        }
        SUBCASE("STOR of a client that is gone") {
            FtpClient client = connect_logged_in(daemon);
            const pid_t session = session_of(daemon, client);
            client.command(text("ALLO ", bytes.size()), 200);
            Connection data = begin_transfer(client, "STOR new");
            data.send(bytes);
            data.half_close();
            client.reset();
            check_idle(session);
        }
        SUBCASE("PUT") {
            FtpClient client = connect_logged_in(daemon);
            client.command(text("ALLO ", bytes.size()), 200);
            client.command("PUT new", 150);
            client.send(bytes);
            client.half_close();
            check_idle(session_of(daemon, client));
        }
        SUBCASE("RETR") {
            FtpClient client = connect_logged_in(daemon);
            Connection data = begin_transfer(client, "RETR file");
            check_idle(session_of(daemon, client));
            data.reset();
            client.expect(426);
        }
        SUBCASE("GET") {
            FtpClient client = connect_logged_in(daemon);
            client.command("GET file", 150);
            client.half_close();
            check_idle(session_of(daemon, client));
        }
    }

    TEST_CASE("a session with a password uses no processor after authd died") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Office office;
        const Daemon daemon{office.setting};
        const pid_t authd = office.authd_of(daemon);
        FtpClient client{daemon};
        client.command("USER ann", 331);
        client.command("PASS sesame", 230);
        REQUIRE(::kill(authd, SIGKILL) == 0);
        daemon.wait_for_log(text("authd ", authd, " ended: signal 9"));
        check_idle(session_of(daemon, client));
        client.command("NOOP", 200);
    }

    TEST_CASE("a session that waits for a verdict when authd dies says so and goes on") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Office office;
        const Daemon daemon{office.setting};
        const pid_t authd = office.authd_of(daemon);
        FtpClient client{daemon};
        const pid_t session = session_of(daemon, client);
        REQUIRE(::kill(authd, SIGSTOP) == 0);
        client.command("USER ann", 331);
        client.send("PASS sesame\r\n");
        wait_until("the session has taken the password", [&] {
            return stat_of_process(session).is_asleep &&
                   common::unacknowledged_bytes(client.fd()).value_or(0) == 0;
        });
        REQUIRE(::kill(authd, SIGKILL) == 0);
        CHECK(client.expect(530) == "530 The password could not be checked: connect again in a moment.");
        client.command("NOOP", 200);
        check_idle(session);
    }
}
