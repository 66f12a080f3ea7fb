// SPDX-License-Identifier: ISC
// What is told of transfers: the log, xferlog, `announce', and the administrator's top, kick and reload.
#include "tests/e2e/observe.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <poll.h>

using namespace e2e;
using common::text;

namespace {

// Plays chatd's control socket.
class ControlListener {
public:
    explicit ControlListener(const Path& path)
        : listener_(common::listen_on(common::Address::of_path(path.native()))) {}
    // The next client's line; answered.
    std::string take(std::string_view answer) {
        pollfd waiting{listener_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, 20'000) != 1) throw Failure{"nobody has come to the control socket"};
        Connection client{std::move(common::accept_from(listener_).value().socket)};
        std::string line = client.read_line();
        client.send(answer);
        client.wait_for_end();
        return line;
    }

private:
    common::Fd listener_;
};

std::vector<std::string> lines_of(const Path& file) { return common::split_lines(read_file(file)); }

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("the log tells of each transfer how much it was and whether it was complete") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        make_endless_file(daemon.files() / "endless");
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR file", "content");
        daemon.wait_for_log("stored 7 bytes in /file in 0.");
        client.fetch("RETR file");
        daemon.wait_for_log("sent 7 bytes of /file in 0.");
        client.put("other", "12345678");
        daemon.wait_for_log("stored 8 bytes in /other in 0.");
        client.get("other");
        daemon.wait_for_log("sent 8 bytes of /other in 0.");
        Connection data = begin_transfer(client, "RETR endless");
        data.read_exactly(1000);
        client.send("ABOR\r\n");
        client.expect(426);
        client.expect(226);
        daemon.wait_for_log(" s, broken off", daemon.wait_for_log(" bytes of /endless in "));
        Connection upload = begin_transfer(client, "STOR half");
        upload.send("half");
        client.reset();
        daemon.wait_for_log(" s, broken off", daemon.wait_for_log(" bytes in /half in "));
    }

    TEST_CASE("with -v the log tells what was refused") {
        const Daemon quiet, verbose{{.options = {"-v"}}};
        for (const Daemon* const daemon : {&quiet, &verbose}) {
            FtpClient client = connect_logged_in(*daemon);
            client.command("SIZE missing\x1b[2J", 550);
            client.command("MKD new", 550);
            client.command("QUIT", 221);
            daemon->wait_until_idle();
        }
        CHECK(quiet.log().find("refuse") == std::string::npos);
        CHECK(verbose.log().find("refuse SIZE: 550 missing\\x1b[2J: No such file or directory.\n") !=
              std::string::npos);
        CHECK(verbose.log().find("refuse MKD: 550 You may not use MKD here.\n") != std::string::npos);
    }

    TEST_CASE("log-level warning leaves transfers and logins out of the log and not out of xferlog") {
        const TempDir folder;
        const Path xferlog = folder / "xferlog";
        write_file(folder / "conf", text("xferlog ", xferlog.native(), '\n'));
        Daemon daemon{{.options = {"-f", (folder / "conf").native()}}};
        write_file(daemon.files() / "file", "content");
        write_file(folder / "conf", text("log-level warning\nxferlog ", xferlog.native(), '\n'));
        daemon.signal(SIGHUP);
        daemon.wait_for_log("configuration read again");
        const std::size_t before = daemon.log().size();
        FtpClient client = connect_logged_in(daemon);
        client.fetch("RETR file");
        client.command("QUIT", 221);
        wait_until("the transfer is in xferlog",
                   [&] { return std::filesystem::exists(xferlog) && lines_of(xferlog).size() == 1; });
        daemon.stop();
        CHECK(daemon.log().substr(before).empty());
    }

    TEST_CASE("xferlog has a line for each transfer and is opened anew at a HUP") {
        const TempDir folder;
        const Path log = folder / "xferlog";
        Daemon daemon{{.lines = {"anonymous write", text("xferlog ", log.native())}}};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR a file", "content");
        client.command("TYPE A", 200);
        client.fetch("RETR a file");
        client.command("QUIT", 221);
        daemon.wait_until_idle();
        const auto lines = lines_of(log);
        REQUIRE(lines.size() == 2);
        CHECK(lines[0].ends_with(" 1 127.0.0.1 7 /a_file b _ i a anonymous ftp 0 * c"));
        CHECK(lines[1].ends_with(" 1 127.0.0.1 7 /a_file a _ o a anonymous ftp 0 * c"));
        std::filesystem::rename(log, folder / "xferlog.1");
        const std::size_t before = daemon.log().size();
        daemon.signal(SIGHUP);
        daemon.wait_for_log("configuration read again", before);
        FtpClient{daemon}.get("a file");
        daemon.wait_until_idle();
        CHECK(lines_of(folder / "xferlog.1").size() == 2);
        REQUIRE(lines_of(log).size() == 1);
        CHECK(lines_of(log)[0].ends_with(" 7 /a_file b _ o a anonymous ftp 0 * c")); // no type in band
    }

    TEST_CASE("a transfer log that cannot be opened is named at the start and at a HUP") {
        const TempDir folder;
        const std::string bad = text("xferlog ", (folder / "none" / "log").native());
        const Result start = run_client({"ftpd", "-d", "-o", bad, "-o", "listen 127.0.0.1:0", "-o",
                                         text("state ", (folder / "state").native())});
        CHECK(start.status == 1);
        CHECK(start.err.find("none/log") != std::string::npos);
        write_file(folder / "conf", "xferlog " + (folder / "log").native() + "\n");
        Daemon daemon{{.options = {"-f", (folder / "conf").native()}}};
        write_file(folder / "conf", bad + "\n");
        daemon.signal(SIGHUP);
        daemon.wait_for_log("configuration not read again");
        write_file(daemon.files() / "file", "content");
        FtpClient{daemon}.get("file");
        daemon.wait_until_idle();
        CHECK(lines_of(folder / "log").size() == 1);
    }

    TEST_CASE("a finished upload is announced in the room of its folder and no other upload is") {
        const TempDir folder;
        const Path control = folder / "control";
        ControlListener chat{control};
        const Daemon daemon{{.lines = {"anonymous write", text("announce /pub lobby ", control.native())}}};
        FtpClient client = connect_logged_in(daemon);
        client.command("MKD pub", 257);
        client.command("MKD public", 257);
        client.store("STOR elsewhere", "x");
        client.store("STOR public/elsewhere", "x");
        client.fetch("RETR elsewhere");
        Connection broken = begin_transfer(client, "STOR pub/broken");
        broken.reset();
        client.expect(426);
        client.store("STOR pub/my notes.txt", std::string(1'200'000, 'x'));
        CHECK(chat.take("ok\n") ==
              text("notice -r lobby anonymous shared my notes.txt (1.2 MB): ftp://127.0.0.1:", daemon.port(),
                   "/pub/my%20notes.txt"));
        client.put("pub/second", "x");
        CHECK(chat.take("error there is no room 'lobby'\n").find("second") != std::string::npos);
        daemon.wait_for_log("not announced in lobby: error there is no room 'lobby'");
        client.command("QUIT", 221);
    }

    TEST_CASE("without a chat an upload is not disturbed and the log says so") {
        const Daemon daemon{{.lines = {"anonymous write", "announce / lobby /nowhere/control"}}};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR file", "content");
        daemon.wait_for_log("not announced in lobby: ");
        CHECK(client.fetch("RETR file") == "content");
    }

    TEST_CASE("announce wants a folder and a room and a path") {
        for (const auto& [words, fault] :
             {std::pair{"announce /pub", "announce takes a folder of the served tree"},
              {"announce pub lobby", "'pub' is not a folder of the served tree"},
              {"announce /pub lobby control", "'control' is not a control socket"},
              {"announce /pub lobby /c more", "announce takes a folder of the served tree"},
              {"xferlog log", "'log' is not a file"}}) {
            const Result result = run_client({"ftpd", "-n", "-o", words});
            CHECK(result.status == 1);
            CAPTURE(result.err);
            CHECK(result.err.find(fault) != std::string::npos);
        }
    }

    TEST_CASE("top shows each transfer with its progress and nothing else") {
        const Daemon daemon{{.lines = {"anonymous write", "rate-down 10k"}}};
        write_file(daemon.files() / "file", std::string(1'000'000, 'x'));
        FtpClient idle = connect_logged_in(daemon), client = connect_logged_in(daemon), getting{daemon};
        CHECK(ask(daemon, {"top"}).starts_with("clients 3  transfers 0  0 B/s\nPID "));
        Connection data = begin_transfer(client, "RETR file");
        data.read_exactly(1000);
        getting.command("GET file", 150);
        const std::string top = ask(daemon, {"top"});
        CHECK(top.starts_with("clients 3  transfers 2  "));
        CHECK(top.find(" anonymous RETR [") != top.npos);
        CHECK(top.find(" -         GET  [") != top.npos);
        CHECK(top.find("% ") != top.npos);
        CHECK(top.find("B/s ") != top.npos);
        CHECK(top.find(" /file\n") != top.npos);
        Pty terminal{{"ftpctl", "-s", (daemon.state() / "control").native(), "top"}};
        for (int again = 0; again < 2; ++again) {
            terminal.wait_for("\033[H\033[2Jclients 3  transfers 2");
            terminal.wait_for(" /file\r\n");
        }
        terminal.type("\x03");
        CHECK(terminal.wait() == 128 + SIGINT);
    }

    TEST_CASE("kick ends the sessions of a process or an address or a user and tells them") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        make_endless_file(daemon.files() / "endless");
        FtpClient one = connect_logged_in(daemon), two = connect_logged_in(daemon), three{daemon};
        const pid_t first = session_of(daemon, one), second = session_of(daemon, two);
        CHECK(ask(daemon, {"kick", text(first)}) == "sessions 1\n");
        CHECK(one.expect(421) == "421 The administrator has closed this connection.");
        CHECK(one.read_to_end().empty());
        wait_for_end_of(daemon, first); // until then it is one of that user's
        Connection data = begin_transfer(two, "RETR endless");
        CHECK(ask(daemon, {"kick", "anonymous"}) == "sessions 1\n");
        two.wait_for_end();
        data.wait_for_end();
        wait_for_end_of(daemon, second);
        three.command("NOOP", 200);
        CHECK(ask(daemon, {"kick", "127.0.0.1"}) == "sessions 1\n");
        three.expect(421);
        daemon.wait_until_idle();
        const Path control = daemon.state() / "control";
        const Result none = run_client({"ftpctl", "-s", control.native(), "kick", "no\033body"});
        CHECK(none.status == 1);
        CHECK(none.err == "ftpctl: there is no session of 'no\\x1bbody': who lists them\n");
        CHECK(run_client({"ftpctl", "-s", control.native(), "kick"}).status == 1);
    }

    TEST_CASE("reload tells whoever asked what is wrong and takes what is right") {
        const TempDir folder;
        write_file(folder / "conf", "anonymous read\n");
        const Daemon daemon{{.options = {"-f", (folder / "conf").native()}}};
        write_file(folder / "conf", "anonymus write\n");
        const Result bad = run_client({"ftpctl", "-s", (daemon.state() / "control").native(), "reload"});
        CHECK(bad.status == 1);
        CHECK(bad.err.find("conf:1: there is no directive 'anonymus': did you mean 'anonymous'?") !=
              std::string::npos);
        connect_logged_in(daemon).command("MKD x", 550);
        write_file(folder / "conf", "anonymous write\n");
        ask(daemon, {"reload"});
        connect_logged_in(daemon).command("MKD x", 257);
    }
}
