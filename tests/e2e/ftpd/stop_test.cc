// SPDX-License-Identifier: ISC
// Orderly stops: clients are told, sessions end by themselves, the exit status is 0 and nothing is left.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <thread>

using namespace e2e;

namespace {

// All sessions ended by themselves: none had to be killed.
void check_orderly(const Daemon& daemon) {
    daemon.wait_for_log("]: stopped\n");
    const std::string log = daemon.log();
    CHECK(log.find("signal") == log.npos);
    CHECK(log.find(" exit 1") == log.npos);
}

// Something that a client does as fast as it can, in a thread, until its connection ends.
class Busy {
public:
    template <class Step>
    Busy(Connection& connection, Step step)
        : thread_([&connection, step] {
              try {
                  for (;;) step(connection);
              } catch (const std::exception&) {
                  // The end.
              }
          }) {}
    ~Busy() { thread_.join(); }

private:
    std::thread thread_;
};

constexpr std::size_t much = 1 << 20;
void read_much(Connection& connection) { connection.read_exactly(much); }
void write_much(Connection& connection) {
    static const std::string bytes(much, 'x');
    connection.send(bytes);
}

// Waits until more than this went through, so that the transfer is at full speed.
void wait_for_bytes(const Daemon& daemon, const std::string& which) {
    wait_until(which + " grows", [&] { return stat_of(daemon, which) > 64 * much; });
}

// More than is sent before a test is over, and less than the disk has room for.
std::string announce_much(const Daemon& daemon) {
    return common::text("ALLO ", std::filesystem::space(daemon.files()).available / 4);
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("clients are told when the daemon stops and nothing is left of it") {
        for (const int signal : {SIGTERM, SIGINT}) {
            Daemon daemon;
            make_endless_file(daemon.files() / "endless");
            FtpClient idle{daemon}, fetching = connect_logged_in(daemon);
            Connection data = begin_transfer(fetching, "RETR endless");
            CHECK(std::filesystem::exists(daemon.state() / "control"));
            daemon.signal(signal);
            CHECK(idle.expect(421).find("stopping") != std::string::npos);
            CHECK(idle.read_to_end().empty());
            data.wait_for_end();
            fetching.expect(421);
            CHECK(daemon.wait() == 0);
            CHECK_FALSE(std::filesystem::exists(daemon.state() / "control"));
            check_orderly(daemon);
        }
    }

    TEST_CASE("with stop-grace transfers finish and idle clients go at once") {
        Daemon daemon{{.lines = {"anonymous write", "stop-grace 60"}}};
        const std::string bytes = make_bytes(3'000'000);
        write_file(daemon.files() / "large", bytes);
        FtpClient idle{daemon}, fetching = connect_logged_in(daemon), storing = connect_logged_in(daemon),
                                putting{daemon};
        Connection data = begin_transfer(fetching, "RETR large");
        Connection upload = begin_transfer(storing, "STOR new");
        putting.command("ALLO 10", 200);
        putting.command("PUT in-band", 150);
        upload.send("first ");
        putting.send("01234");
        daemon.signal(SIGTERM);
        CHECK(idle.expect(421).find("stopping") != std::string::npos);
        CHECK_THROWS(Connection{daemon.port()}.read_reply()); // nobody listens any more
        CHECK(ask(daemon, {"who"}).find("STOR") != std::string::npos);
        upload.send("last");
        upload.close();
        storing.expect(226);
        storing.expect(421);
        putting.send("56789");
        putting.expect(226);
        putting.expect(421);
        CHECK(data.read_to_end() == bytes);
        fetching.expect(226);
        CHECK(fetching.expect(421).find("stopping") != std::string::npos);
        CHECK(daemon.wait() == 0);
        check_orderly(daemon);
        CHECK(read_file(daemon.files() / "new") == "first last");
        CHECK(read_file(daemon.files() / "in-band") == "0123456789");
        CHECK(daemon.log().find("waiting up to 60 s for transfers to finish\n") != std::string::npos);
    }

    TEST_CASE("a stop that is asked for once more or has waited for long enough does not wait") {
        for (const bool again : {true, false}) {
            Daemon daemon{{.lines = {again ? "stop-grace 3600" : "stop-grace 1"}}};
            make_endless_file(daemon.files() / "endless");
            FtpClient fetching = connect_logged_in(daemon);
            const Connection data = begin_transfer(fetching, "RETR endless");
            daemon.signal(SIGTERM);
            daemon.wait_for_log("for transfers to finish\n");
            if (again) daemon.signal(SIGTERM);
            CHECK(daemon.wait() == 0);
            fetching.expect(421);
            check_orderly(daemon);
        }
    }

    TEST_CASE("ftpctl shutdown with stop-grace waits and its words reach who finishes") {
        Daemon daemon{{.lines = {"anonymous write", "stop-grace 60"}}};
        FtpClient storing = connect_logged_in(daemon);
        Connection upload = begin_transfer(storing, "STOR new");
        std::thread administrator{[&] { ask(daemon, {"shutdown", "Back at nine."}); }};
        daemon.wait_for_log("for transfers to finish\n");
        upload.send("all");
        upload.close();
        storing.expect(226);
        CHECK(storing.expect(421) == "421 The server is stopping: Back at nine.");
        administrator.join();
        CHECK(daemon.wait() == 0);
        CHECK(read_file(daemon.files() / "new") == "all");
    }

    TEST_CASE("a client that reads nothing does not hold up a stop") {
        Daemon daemon;
        make_endless_file(daemon.files() / "endless");
        FtpClient getting{daemon}, fetching = connect_logged_in(daemon), asking{daemon};
        getting.command("GET endless", 150);
        const Connection data = begin_transfer(fetching, "RETR endless");
        const std::string help = "HELP\r\n";
        while (::send(asking.fd(), help.data(), help.size(), MSG_DONTWAIT) > 0) continue; // no answer is read
        daemon.stop();
        check_orderly(daemon);
    }

    TEST_CASE("a download at full speed does not hold up a stop") {
        for (const std::string type : {"TYPE I", "TYPE A"}) {
            Daemon daemon;
            make_endless_file(daemon.files() / "endless");
            FtpClient client = connect_logged_in(daemon);
            client.command(type, 200);
            Connection data = begin_transfer(client, "RETR endless");
            const Busy busy{data, read_much};
            wait_for_bytes(daemon, "bytes-sent");
            daemon.stop();
            check_orderly(daemon);
            client.expect(421);
        }
    }

    TEST_CASE("an upload at full speed does not hold up a stop") {
        Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_transfer(client, "STOR new");
        const Busy busy{data, write_much};
        wait_for_bytes(daemon, "bytes-received");
        daemon.stop();
        check_orderly(daemon);
        client.expect(421);
        CHECK_FALSE(std::filesystem::exists(daemon.files() / "new")); // half a file is no file
    }

    TEST_CASE("an in-band transfer at full speed does not hold up a stop") {
        Daemon daemon{{.lines = {"anonymous write"}}};
        make_endless_file(daemon.files() / "endless");
        FtpClient getting{daemon}, putting{daemon}, refused{daemon};
        getting.command("GET endless", 150);
        putting.command(announce_much(daemon), 200);
        putting.command("PUT new", 150);
        refused.command(announce_much(daemon), 200);
        refused.command("PUT /", 550); // its bytes are read and thrown away
        const Busy gets{getting, read_much}, puts{putting, write_much}, discards{refused, write_much};
        wait_for_bytes(daemon, "bytes-sent");
        wait_for_bytes(daemon, "bytes-received");
        daemon.stop();
        check_orderly(daemon);
    }

    TEST_CASE("a killed daemon ends uploads at full speed too") {
        Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient putting{daemon};
        putting.command(announce_much(daemon), 200);
        putting.command("PUT new", 150);
        const pid_t session = session_of(daemon, putting);
        const Busy puts{putting, write_much};
        wait_for_bytes(daemon, "bytes-received");
        daemon.kill();
        if (have_proc()) wait_until("the session is gone", [&] { return !is_alive(session); });
    }

    TEST_CASE("Ctrl-C in a terminal is an orderly stop") {
        const TempDir place;
        Pty terminal{{"ftpd", "-d", "-o", "listen unix:" + (place / "socket").native(), "-o",
                      "root " + place.make_shared("files").native(), "-o",
                      "state " + (place / "state").native()}};
        terminal.wait_for("listening on ");
        FtpClient client{common::Address::of_path((place / "socket").native())};
        terminal.type("\x03"); // goes to every process of the terminal's foreground
        client.expect(421);
        CHECK(client.read_to_end().empty());
        CHECK(terminal.wait() == 0);
        CHECK(terminal.screen().find("signal") == std::string::npos);
        CHECK_FALSE(std::filesystem::exists(place / "socket"));
    }

    TEST_CASE("an interrupt for the whole process group leaves transfers their time with stop-grace") {
        Daemon daemon{{.lines = {"anonymous write", "stop-grace 60"}, .wrapper = {"setsid"}}};
        FtpClient client = connect_logged_in(daemon);
        Connection upload = begin_transfer(client, "STOR new");
        upload.send("first ");
        ::kill(-daemon.pid(), SIGINT);
        daemon.wait_for_log("for transfers to finish\n");
        client.command("NOOP", 200); // in the transfer
        upload.send("last");
        upload.close();
        client.expect(226);
        client.send("NOOP\r\n");
        client.expect(421);
        CHECK(daemon.wait() == 0);
        check_orderly(daemon);
        CHECK(read_file(daemon.files() / "new") == "first last");
    }

    TEST_CASE("a hangup for the whole process group ends no session") {
        Daemon daemon{{.wrapper = {"setsid"}}}; // or the group would be the test's own
        make_endless_file(daemon.files() / "endless");
        FtpClient client = connect_logged_in(daemon);
        const Connection data = begin_transfer(client, "RETR endless");
        FtpClient idle{daemon};
        ::kill(-daemon.pid(), SIGHUP);
        daemon.wait_for_log("configuration read again");
        idle.command("NOOP", 200);
        CHECK(stat_of(daemon, "clients") == 2);
        ::kill(-daemon.pid(), SIGTERM);
        CHECK(daemon.wait() == 0);
        check_orderly(daemon);
    }
}
