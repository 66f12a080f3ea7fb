// SPDX-License-Identifier: ISC
// TLS as an FTP client sees it (RFC 4217): with other people's clients, and what is refused to whom.
#include "common/far_process.hh"
#include "common/poller.hh"
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/secured.hh"
#include "tests/e2e/tls_house.hh"
#include "tests/skip.hh"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <unistd.h>

using namespace e2e;
using common::text;
using tests::lacks;

namespace {

// Under TLS by openssl, which is typed to.
class Typed {
public:
    explicit Typed(const Secured& server, const Words& more = {}) : client_(command(server, more)) {
        say("NOOP", "200 ");
    }
    // The reply that comes next behind what was seen.
    void say(const std::string& line, std::string_view reply) {
        client_.write(line + "\n"); // which becomes CR LF
        seen_ = client_.out().wait_for(reply, seen_);
    }
    Process& process() { return client_; }

private:
    // It takes the greeting itself.
    static Words command(const Secured& server, const Words& more) {
        Words words{"openssl",
                    "s_client",
                    "-connect",
                    text("localhost:", server.daemon().port()),
                    "-starttls",
                    "ftp",
                    "-quiet",
                    "-crlf",
                    "-CAfile",
                    server.certificate(),
                    "-verify_return_error"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    Process client_;
    std::size_t seen_ = 0;
};

TestCertificate make_short_lived(const TempDir& folder) {
    const TestCertificate made{folder / "short.pem", folder / "short.key"};
    run_in(folder.path(),
           {"openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-subj", "/CN=localhost", "-days", "3", "-keyout", made.key, "-out", made.certificate});
    return made;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("TLS: curl lists and fetches and stores and resumes in both versions") {
        const Secured server{{"tls required"}};
        const std::string bytes = make_bytes(2'000'000);
        const TempDir folder;
        write_file(folder / "sent", bytes);
        for (const std::string version : {"1.2", "1.3"}) {
            const auto run = [&](Words more) {
                more.insert(more.end(), {"--tls-max", version});
                return run_in(folder.path(), server.curl(more));
            };
            run({"-T", "sent", server.url("stored")});
            CHECK(read_file(server.daemon().files() / "stored") == bytes);
            CHECK(run({server.url("stored")}) == bytes);
            CHECK(run({"-r", "1999000-", server.url("stored")}) == bytes.substr(1'999'000));
            CHECK(run({server.url()}).find("stored") != std::string::npos);
        }
        CHECK(server.daemon().log().find("tls (TLS1.2)") != std::string::npos);
        CHECK(server.daemon().log().find("tls (TLS1.3)") != std::string::npos);
    }

    TEST_CASE("TLS: lftp mirrors there and back") {
        Secured server;
        const TempDir folder;
        plant_odd_tree(folder / "tree", 20);
        const auto run = [&](std::string_view commands) {
            return run_in(folder.path(), server.lftp(commands));
        };
        run("mirror -R tree there; mirror there back");
        check_same_bytes(folder / "tree", folder / "back");
        run("set ftp:passive-mode no; mirror there active"); // PORT; curl 7.88 fails at that under TLS
        check_same_bytes(folder / "tree", folder / "active");
        CHECK(server.daemon().log().find("tls (TLS1.") != std::string::npos);
    }

    TEST_CASE("TLS: lftp resumes the session for each of many files and waits for nothing") {
        using Clock = std::chrono::steady_clock;
        const Secured server{{"tls-reuse required"}};
        const TempDir folder;
        constexpr int files = 60;
        std::filesystem::create_directory(server.daemon().files() / "many");
        for (int i = 0; i < files; ++i)
            write_file(server.daemon().files() / text("many/", i), make_bytes(4096));
        auto best = Clock::duration::max();
        for (const std::string target : {"a", "b", "c", "d", "e"}) { // the machine may be busy
            const auto begun = Clock::now();
            run_in(folder.path(), server.lftp("mirror many " + target));
            best = std::min(best, Clock::now() - begun);
        }
        check_same_bytes(server.daemon().files() / "many", folder / "a");
        // Of each handshake it would lose 40 ms if the second-last packet were not acknowledged at once.
        if (common::best_backend() != common::Backend::poll)
            CHECK(best < files * std::chrono::milliseconds{35});
    }

    TEST_CASE("TLS: where there is none or it is off AUTH is refused and FEAT tells of nothing") {
        for (const bool has_certificate : {false, true}) {
            const Secured secured{{"tls off"}};
            const Daemon without;
            const Daemon& daemon = has_certificate ? secured.daemon() : without;
            Connection plain{daemon.port()};
            plain.expect(220);
            const std::string features = plain.command("FEAT", 211);
            for (const std::string_view name : {"AUTH", "PBSZ", "PROT"})
                CHECK(features.find(name) == std::string::npos);
            for (const std::string_view line : {"AUTH TLS", "PBSZ 0", "PROT P", "CCC"})
                plain.command(line, 502);
            plain.command("USER anonymous", 331);
        }
    }

    TEST_CASE("TLS: tls-minimum refuses older versions and follows a reload") {
        const TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        Words lines{"certificate " + own.certificate.string() + ' ' + own.key.string(), "anonymous read"};
        Daemon daemon{{.lines = lines, .in_file = true}};
        write_file(daemon.files() / "file", "hello\n");
        const auto is_served = [&](const std::string& version) {
            return run_client({"curl", "-sS", "-m", "20", "--ssl-reqd", "--cacert", own.certificate,
                               "--tls-max", version, text("ftp://localhost:", daemon.port(), "/file")})
                       .out == "hello\n";
        };
        for (const bool is_raised : {false, true, false}) {
            lines.resize(2);
            if (is_raised) lines.emplace_back("tls-minimum 1.3");
            daemon.configure(lines);
            const std::size_t before = daemon.log().size();
            daemon.signal(SIGHUP);
            daemon.wait_for_log("configuration read again", before);
            CHECK(is_served("1.2") != is_raised);
            CHECK(is_served("1.3"));
        }
    }

    TEST_CASE("TLS: in-band verbs work over it") {
        const Secured server;
        Typed client{server};
        client.say("WRITE note", "150 ");
        client.say("hello\n.", "226 ");
        CHECK(read_file(server.daemon().files() / "note") == "hello\n");
        client.say("GET note", "hello\n226 ");
        client.say("LS", "note");
        client.say("QUIT", "221 ");
        CHECK(client.process().wait() == 0);
    }

    TEST_CASE("TLS: what is to be said before what and what is refused") {
        const Secured server;
        Connection plain{server.daemon().port()};
        plain.expect(220);
        const std::string features = plain.command("FEAT", 211);
        for (const std::string_view line : {"\n AUTH TLS\n", "\n PBSZ\n", "\n PROT\n"})
            CHECK(features.find(line) != std::string::npos);
        plain.command("PBSZ 0", 503);
        plain.command("PROT P", 503);
        plain.command("CCC", 503);
        plain.command("AUTH GSSAPI", 504);
        plain.command("AUTH", 501);
        Typed client{server};
        client.say("AUTH TLS", "503 ");
        client.say("PROT P", "503 ");
        client.say("PBSZ x", "501 ");
        client.say("PBSZ 0", "200 PBSZ=0");
        client.say("PROT S", "536 ");
        client.say("PROT E", "536 ");
        client.say("PROT X", "504 ");
        client.say("PROT P", "200 ");
        client.say("CCC", "533 ");
        client.say("STAT", "data connections are private");
    }

    TEST_CASE("TLS: where it is required nothing goes on without") {
        const Secured server{{"tls required"}};
        Connection plain{server.daemon().port()};
        plain.expect(220);
        for (const std::string line : {"USER anonymous", "LS", "GET x", "SITE MLSD", "CWD x"})
            CHECK(plain.command(line, 530).find("AUTH TLS") != std::string::npos);
        plain.command("NOOP", 200);
        Typed client{server};
        client.say("USER anonymous", "331 ");
        client.say("PASS x", "230 ");
        client.say("EPSV", "229 ");
        client.say("LIST", "522 ");
        client.say("PBSZ 0", "200 ");
        client.say("PROT C", "522 ");
    }

    TEST_CASE("TLS: where passwords need it anonymous clients do not") {
        const Secured server{{"tls required-for-passwords"}};
        Connection plain{server.daemon().port()};
        plain.expect(220);
        plain.command("USER ann", 530);
        plain.command("USER anonymous", 331);
        plain.command("PASS x", 230);
        Typed client{server};
        client.say("USER ann", "331 ");
    }

    TEST_CASE("TLS: a login before AUTH holds no longer behind it") {
        const Secured server;
        Connection plain{server.daemon().port()};
        plain.expect(220);
        plain.command("USER anonymous", 331);
        plain.command("PASS x", 230);
        // What stands behind AUTH was sent in the clear by whoever sits between.
        plain.send("AUTH TLS\r\nUSER mallory\r\nDELE x\r\n");
        plain.expect(234);
        plain.send("NOOP\r\n"); // no handshake
        plain.wait_for_end();
        server.daemon().wait_for_log("no tls: no handshake");
        CHECK(server.daemon().log().find("mallory") == std::string::npos);
        run_in(server.daemon().folder().path(),
               {"python3", "-c",
                "import ftplib, ssl, sys\n"
                "ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=sys.argv[2]))\n"
                "ftp.connect('localhost', int(sys.argv[1]))\n"
                "ftp.sendcmd('USER anonymous'); ftp.sendcmd('PASS x'); ftp.pwd()\n"
                "ftp.auth()\n"
                "try: sys.exit(ftp.pwd())\n"
                "except ftplib.error_perm as error: assert str(error).startswith('530 '), error\n"
                "ftp.login(); ftp.pwd(); ftp.quit()\n",
                text(server.daemon().port()), server.certificate()});
    }

    TEST_CASE("TLS: the limit for an address counts clients under TLS by their own") {
        const Secured server{{"max-per-address 1"}};
        Typed client{server};
        {
            Connection other{server.daemon().port()};
            other.expect(421);
        }
        client.say("QUIT", "221 ");
        client.process().wait();
        server.daemon().wait_until_idle();
        Typed next{server};
    }

    TEST_CASE("TLS: an upload that is cut leaves the old file and says so") {
        const Secured server;
        write_file(server.daemon().files() / "file", "old");
        const Result result = run_client(
            {"python3", "-c",
             "import ftplib, ssl, sys\n"
             "ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=sys.argv[2]))\n"
             "ftp.connect('localhost', int(sys.argv[1]))\n"
             "ftp.login(); ftp.prot_p(); ftp.voidcmd('TYPE I')\n"
             "for announced in False, True:\n"
             "    if announced: ftp.sendcmd('ALLO 4')\n"
             "    conn = ftp.transfercmd('STOR file')\n"
             "    conn.sendall(b'half')\n"
             "    conn.close()\n" // without close_notify
             "    try: print(ftp.voidresp())\n"
             "    except ftplib.Error as error: print(error)\n"
             "    print(open(sys.argv[3]).read(), flush=True)\n"
             "ftp.quit()\n",
             text(server.daemon().port()), server.certificate(), server.daemon().files() / "file"});
        CHECK_MESSAGE(result.status == 0, result.err);
        CHECK(result.out.find("426 ") == 0);
        CHECK(result.out.find("close_notify") != std::string::npos);
        CHECK(result.out.find("\nold\n226 ") != std::string::npos);
        CHECK(result.out.find("\nhalf\n") != std::string::npos);
    }

    TEST_CASE("TLS: who and stats and the log say which version and cipher a client has") {
        const Secured server;
        Typed client{server};
        client.say("NOOP", "200 ");
        const auto ask = [&](const std::string& verb) {
            return run_client({"ftpctl", "-s", server.daemon().state() / "control", verb}).out;
        };
        Connection plain{server.daemon().port()};
        plain.expect(220);
        const std::string who = ask("who");
        CHECK(who.find(" 1.3/AES-256-GCM ") != std::string::npos);
        CHECK(who.find(" -               \n") != std::string::npos); // the other
        CHECK(ask("stats").find("clients-tls-1.2 0\nclients-tls-1.3 1\n") != std::string::npos);
        CHECK(server.daemon().log().find("tls (TLS1.3)-") != std::string::npos);
    }

    TEST_CASE("TLS: where any end is trusted an upload without close_notify replaces and a reset does not") {
        const Secured server{{"tls-end trusted"}};
        write_file(server.daemon().files() / "file", "old");
        const Result result = run_client(
            {"python3", "-c",
             "import ftplib, socket, ssl, struct, sys\n"
             "ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=sys.argv[2]))\n"
             "ftp.connect('localhost', int(sys.argv[1]))\n"
             "ftp.login(); ftp.prot_p(); ftp.voidcmd('TYPE I')\n"
             "def store(bytes, end):\n"
             "    conn = ftp.transfercmd('STOR file')\n"
             "    conn.sendall(bytes)\n"
             "    end(conn)\n"
             "    try: print(ftp.voidresp())\n"
             "    except ftplib.Error as error: print(error)\n"
             "    print(open(sys.argv[3]).read(), flush=True)\n"
             "def end_tcp(conn):\n"
             "    conn.shutdown(socket.SHUT_WR)\n"
             "    while conn.recv(100): pass\n" // up to an end in order
             "    conn.close()\n"
             "def reset(conn):\n"
             "    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\n"
             "    conn.close()\n"
             "store(b'new', end_tcp)\n"
             "store(b'half', reset)\n"
             "ftp.quit()\n",
             text(server.daemon().port()), server.certificate(), server.daemon().files() / "file"});
        CHECK_MESSAGE(result.status == 0, result.err);
        CHECK(result.out.find("226 ") == 0);
        CHECK(result.out.find("\nnew\n426 ") != std::string::npos);
        CHECK(result.out.ends_with("\nnew\n"));
    }

    TEST_CASE("TLS: ABOR and kick cut a download and ABOR leaves the session") {
        const Secured server;
        write_file(server.daemon().files() / "file", make_bytes(20'000'000));
        Process client{{"python3", "-c",
                        "import ftplib, ssl, sys\n"
                        "ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=sys.argv[2]))\n"
                        "ftp.connect('localhost', int(sys.argv[1]))\n"
                        "ftp.login(); ftp.prot_p(); ftp.voidcmd('TYPE I')\n"
                        "def fetch(end):\n"
                        "    conn = ftp.transfercmd('RETR file')\n"
                        "    conn.suppress_ragged_eofs = False\n"
                        "    total = len(conn.recv(1000))\n"
                        "    end()\n"
                        "    try:\n"
                        "        while got := conn.recv(65536): total += len(got)\n"
                        "        print('clean', total, flush=True)\n"
                        "    except OSError: print('cut', flush=True)\n"
                        "fetch(lambda: ftp.putcmd('ABOR'))\n"
                        "print(ftp.getmultiline()); print(ftp.getmultiline()); print(ftp.pwd(), flush=True)\n"
                        "def wait():\n"
                        "    print('begun', flush=True); sys.stdin.readline()\n"
                        "fetch(wait)\n",
                        text(server.daemon().port()), server.certificate()}};
        client.out().wait_for("begun");
        const Result kicked =
            run_client({"ftpctl", "-s", server.daemon().state() / "control", "kick", "anonymous"});
        CHECK(kicked.status == 0);
        client.write("\n");
        CHECK(client.wait() == 0);
        CHECK(client.out().text() == "cut\n426 The transfer is aborted.\n226 The data connection is "
                                     "closed.\n/\nbegun\ncut\n");
    }

    TEST_CASE("TLS: a download whose session dies looks cut and never whole") {
        const Secured server;
        write_file(server.daemon().files() / "file", make_bytes(20'000'000));
        Process client{{"python3", "-c",
                        "import ftplib, ssl, sys\n"
                        "ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=sys.argv[2]))\n"
                        "ftp.connect('localhost', int(sys.argv[1]))\n"
                        "ftp.login(); ftp.prot_p(); ftp.voidcmd('TYPE I')\n"
                        "conn = ftp.transfercmd('RETR file')\n"
                        "conn.suppress_ragged_eofs = False\n"
                        "total = len(conn.recv(1000))\n"
                        "print('begun', flush=True); sys.stdin.readline()\n"
                        "try:\n"
                        "    while got := conn.recv(65536): total += len(got)\n"
                        "    print('clean')\n"
                        "except OSError: print('cut')\n",
                        text(server.daemon().port()), server.certificate()}};
        client.out().wait_for("begun");
        for (const ProcessStatus& session : children_of(server.daemon().main_pid()))
            ::kill(session.pid, SIGKILL);
        client.write("\n");
        client.out().wait_for("cut");
    }

    TEST_CASE("TLS: transfers go on when tlsd and keyd and the parent die") {
        Secured server;
        Typed client{server};
        client.say("WRITE note", "150 ");
        client.say("hello\n.", "226 ");
        for (const std::string role : {"keyd", "tlsd"}) {
            const std::size_t before = server.daemon().log().size();
            for (const pid_t one : server.processes(role)) ::kill(one, SIGKILL);
            server.daemon().wait_for_log("starting another", before);
            client.say("GET note", "hello\n226 ");
        }
        const std::size_t before = server.daemon().log().size();
        ::kill(server.daemon().main_pid(), SIGKILL);
        server.daemon().wait_for_log("starting another", before);
        client.say("GET note", "hello\n226 ");
        CHECK(run_in(server.daemon().folder().path(), server.curl({"--retry", "5", server.url("note")})) ==
              "hello\n");
    }

    TEST_CASE("TLS: an upgrade leaves sitting clients where they are") {
        Secured server;
        Typed client{server};
        client.say("WRITE note", "150 ");
        client.say("hello\n.", "226 ");
        REQUIRE(server.processes("tlsd").size() == 1);
        const common::Fd old = common::hold_process(server.processes("tlsd").front());
        server.daemon().signal(SIGUSR2);
        server.daemon().wait_for_log("in the place of");
        client.say("GET note", "hello\n226 ");
        CHECK(run_in(server.daemon().folder().path(), server.curl({server.url("note")})) == "hello\n");
        client.say("QUIT", "221 ");
        CHECK(client.process().wait() == 0);
        if (old) wait_readable(old.get()); // it ends with its last client
    }

    TEST_CASE("TLS: where a listener is for TLS curl and lftp and wget speak it from the first byte on") {
        const Secured server{{"listen 127.0.0.1:0", "listen 127.0.0.1:0 tls"}, 2};
        REQUIRE(server.daemon().addresses().size() == 2);
        const std::string place = text("ftps://localhost:", server.daemon().addresses()[1].port(), '/');
        const TempDir folder;
        const std::string bytes = make_bytes(300'000);
        write_file(folder / "sent", bytes);
        run_in(folder.path(), server.curl({"-T", "sent", place + "stored"}));
        CHECK(read_file(server.daemon().files() / "stored") == bytes);
        CHECK(run_in(folder.path(), server.curl({place + "stored"})) == bytes);
        run_in(folder.path(), {"lftp", "-c",
                               text("set cmd:fail-exit yes; set net:max-retries 2; set ssl:ca-file ",
                                    server.certificate(), "; open ", place, "; get stored -o lftp")});
        CHECK(read_file(folder / "lftp") == bytes);
        run_in(folder.path(), {"wget", "-q", "--ftps-implicit", "--ca-certificate=" + server.certificate(),
                               "-O", "wget", place + "stored"});
        CHECK(read_file(folder / "wget") == bytes);
        CHECK(run_in(folder.path(), server.curl({server.url("stored")})) == bytes); // and the other stays
    }

    TEST_CASE("TLS: gnutls-cli types to the server behind AUTH and ncat where TLS comes first") {
        if (lacks("gnutls-cli") && lacks("ncat")) return tests::skip("needs gnutls-cli or ncat");
        const Secured server{{"listen 127.0.0.1:0", "listen 127.0.0.1:0 tls"}, 2};
        write_file(server.daemon().files() / "note", "hello\n");
        const auto type = [](const Words& command, std::string_view first) {
            Process client{command};
            client.out().wait_for(first);
            client.write("GET note\n");
            client.out().wait_for("hello\n226 ");
            client.write("QUIT\n");
            client.out().wait_for("221 ");
            client.close_input(); // ncat waits for that
            CHECK(client.wait() == 0);
        };
        if (!lacks("gnutls-cli"))
            type({"gnutls-cli", "--starttls-proto=ftp", "--crlf", "--port",
                  text(server.daemon().addresses()[0].port()), "--x509cafile", server.certificate(),
                  "localhost"},
                 "Simple Client Mode"); // it takes the greeting itself
        if (!lacks("ncat"))
            type({"ncat", "--ssl-verify", "--ssl-trustfile", server.certificate(), "-C", "localhost",
                  text(server.daemon().addresses()[1].port())},
                 "220 ");
    }

    TEST_CASE("TLS: who speaks plain FTP to a listener for TLS is cut off and keeps nobody waiting") {
        Secured server{{"listen 127.0.0.1:0", "listen 127.0.0.1:0 tls", "login-timeout 1"}, 2};
        const std::uint16_t port = server.daemon().addresses()[1].port();
        Connection plain{port}, silent{port};
        plain.send("USER anonymous\r\n");
        plain.wait_for_end();
        server.daemon().wait_for_log("no tls: no handshake");
        silent.wait_for_end();
        Process client{{"openssl", "s_client", "-connect", text("localhost:", port), "-quiet", "-crlf",
                        "-CAfile", server.certificate(), "-verify_return_error"}};
        client.out().wait_for("220 ");
        client.write("PROT P\nQUIT\n");
        client.out().wait_for("200 ");
        CHECK(client.wait() == 0);
    }

    TEST_CASE("TLS: who may not come in where TLS comes first hears its end and no words in the clear") {
        Secured server{{"listen 127.0.0.1:0", "listen 127.0.0.1:0 tls", "max-per-address 1"}, 2};
        const Connection first{server.daemon().addresses()[1].port()};
        server.daemon().wait_for_log("accept ");
        for (const bool speaks_tls : {false, true}) {
            Connection next{server.daemon().addresses()[speaks_tls ? 1 : 0].port()};
            const std::string heard = next.read_to_end();
            CHECK((speaks_tls ? heard.empty() : heard.starts_with("421 ")));
        }
        server.daemon().wait_for_log("refuse ");
    }

    TEST_CASE("TLS: a reload opens a listener for TLS") {
        const TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        Words lines{text("certificate ", own.certificate.string(), ' ', own.key.string()),
                    "listen 127.0.0.1:0"};
        Daemon daemon{Daemon::Setting{.lines = lines, .in_file = true}};
        lines.push_back("listen 127.0.0.1:0 tls");
        daemon.configure(lines);
        daemon.signal(SIGHUP);
        daemon.wait_for_log("configuration read again");
        REQUIRE(daemon.addresses().size() == 2);
        write_file(daemon.files() / "file", "hello\n");
        CHECK(run_in(folder.path(), {"curl", "-sS", "--cacert", own.certificate,
                                     text("ftps://localhost:", daemon.addresses()[1].port(), "/file")}) ==
              "hello\n");
    }

    TEST_CASE("TLS: a reload serves newcomers with the new certificate and sitting clients stay") {
        Secured server;
        const TempDir folder;
        const TestCertificate other = make_certificate(folder, "other", KeyKind::rsa);
        const std::string old_one = folder / "old.pem";
        std::filesystem::copy_file(server.certificate(), old_one);
        Typed client{server};
        client.say("WRITE note", "150 ");
        client.say("hello\n.", "226 ");
        REQUIRE(server.processes("tlsd").size() == 1);
        REQUIRE(server.processes("keyd").size() == 1);
        const common::Fd tlsd = common::hold_process(server.processes("tlsd").front());
        const common::Fd keyd = common::hold_process(server.processes("keyd").front());
        server.renew(other);
        server.reload("configuration read again");
        CHECK(server.daemon().log().find("goes on for the clients that it has") != std::string::npos);
        CHECK(run_in(folder.path(), server.curl({server.url("note")})) == "hello\n");
        const Result believer = run_client({"curl", "-sS", "--ssl-reqd", "--cacert", old_one, server.url()});
        CHECK(believer.status != 0);
        client.say("GET note", "hello\n226 ");
        // Another death and another upgrade change nothing of that.
        const std::size_t before = server.daemon().log().size();
        ::kill(server.daemon().main_pid(), SIGKILL);
        server.daemon().wait_for_log("starting another", before);
        client.say("GET note", "hello\n226 ");
        CHECK(run_in(folder.path(), server.curl({"--retry", "5", server.url("note")})) == "hello\n");
        client.say("QUIT", "221 ");
        CHECK(client.process().wait() == 0);
        for (const common::Fd* const old : {&tlsd, &keyd})
            if (*old) wait_readable(old->get()); // they end with their last client
    }

    TEST_CASE("TLS: a reload that finds the same files leaves tlsd and keyd as they are") {
        Secured server;
        const auto tlsds = server.processes("tlsd"), keyds = server.processes("keyd");
        server.reload("configuration read again");
        CHECK(server.processes("tlsd") == tlsds);
        CHECK(server.processes("keyd") == keyds);
    }

    TEST_CASE(
        "TLS: a reload that does not get into force starts tlsd and keyd once and not at each later one") {
        Secured server;
        const TempDir folder;
        server.renew(make_certificate(folder, "other"));
        ::kill(server.daemon().main_pid(), SIGSTOP); // it says nothing of what it is given
        server.reload("tlsd " + text(server.processes("tlsd").front()) + " goes on");
        ::kill(server.daemon().main_pid(), SIGKILL);
        server.daemon().wait_for_log("is not in force");
        const std::size_t before = server.daemon().log().size();
        server.reload("configuration read again");
        CHECK(server.daemon().log().find("goes on for the clients", before) == std::string::npos);
    }

    TEST_CASE("TLS: a stop ends also those that go on for clients of an older certificate or version") {
        for (const bool upgrades : {false, true}) {
            Secured server;
            const TempDir folder;
            Typed client{server};
            const common::Fd old = common::hold_process(server.processes("tlsd").front());
            server.renew(make_certificate(folder, "other"));
            server.reload("configuration read again");
            const pid_t next_pid = server.processes("tlsd").back();
            const common::Fd next = common::hold_process(next_pid);
            Typed newcomer{server};
            if (upgrades) {
                server.daemon().signal(SIGUSR2);
                server.daemon().wait_for_log("in the place of");
                newcomer.say("NOOP", "200 ");
            }
            client.say("NOOP", "200 ");
            server.daemon().signal(SIGTERM);
            CHECK(server.daemon().wait() == 0);
            for (const common::Fd* const one : {&old, &next})
                if (*one) wait_readable(one->get(), Seconds{0});
            client.process().wait();
            newcomer.process().wait();
        }
    }

    TEST_CASE("TLS: a reload that finds wrong files changes nothing and says which they are") {
        Secured server;
        const TempDir folder;
        const TestCertificate other = make_certificate(folder, "other");
        const TestCertificate expired = make_dated(folder, "expired", "20200101000000Z", "20200201000000Z");
        const auto tlsds = server.processes("tlsd");
        std::filesystem::copy_file(server.certificate(), folder / "good.pem");
        std::filesystem::copy_file(server.key(), folder / "good.key");
        const TestCertificate good{folder / "good.pem", folder / "good.key"};
        const auto ask = [&] {
            return run_client({"ftpctl", "-s", server.daemon().state() / "control", "reload"});
        };
        for (const auto& [wrong, said] :
             {std::pair{TestCertificate{other.certificate, good.key}, "another certificate's"},
              std::pair{TestCertificate{good.certificate, other.key}, "another certificate's"},
              std::pair{expired, "own.pem: it has expired: "},
              std::pair{TestCertificate{good.certificate, expired.certificate}, "own.key: "}}) {
            server.renew(wrong);
            const Result answer = ask();
            CHECK(answer.status == 1);
            CHECK_MESSAGE(answer.err.find("certificate: ") != std::string::npos, answer.err);
            CHECK_MESSAGE(answer.err.find(said) != std::string::npos, answer.err);
        }
        std::filesystem::remove(server.key());
        server.reload("own.key: No such file");
        CHECK(run_in(folder.path(), {"curl", "-sS", "--ssl-reqd", "--cacert", good.certificate, server.url()})
                  .empty());
        CHECK(server.processes("tlsd") == tlsds);
        server.renew(good);
        CHECK(ask().status == 0);
        CHECK(run_in(folder.path(), server.curl({server.url()})).empty());
    }

    TEST_CASE("TLS: no process but keyd has the key in its memory") {
        if (!have_proc()) return tests::skip("needs /proc");
        if (::geteuid() != 0) return tests::skip("only root looks into processes that hide");
        if (is_sanitized()) return tests::skip("the sanitizers map more than can be looked through");
        const Secured server;
        Typed client{server};
        client.say("LS", "213 ");
        const std::size_t without = check_keyd_alone_has(private_value(server.key()), server.daemon().pid());
        CHECK(without >= 4); // tlsd, relay, parent, session
    }

    TEST_CASE("TLS: ftpctl makes a certificate that clients can be told to trust") {
        const TempDir folder;
        const auto make = [&](const Words& hosts) {
            Words command{"ftpctl", "certificate", "make", folder / "made.pem", folder / "made.key"};
            command.insert(command.end(), hosts.begin(), hosts.end());
            return run_client(command);
        };
        CHECK(make({"a b"}).status == 1);
        CHECK(!std::filesystem::exists(folder / "made.key"));
        const Result made = make({"localhost", "127.0.0.1", "::1"});
        CHECK_MESSAGE(made.status == 0, made.err);
        const std::string line = made.out.substr(0, made.out.find('\n'));
        CHECK(line ==
              text("certificate ", (folder / "made.pem").string(), ' ', (folder / "made.key").string()));
        CHECK((std::filesystem::status(folder / "made.key").permissions() &
               (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
              std::filesystem::perms::none);
        const std::string shown =
            run_in(folder.path(), {"openssl", "x509", "-in", "made.pem", "-noout", "-fingerprint", "-sha256",
                                   "-ext", "subjectAltName"});
        const std::string fingerprint = shown.substr(shown.find('=') + 1, 95);
        CHECK_MESSAGE(made.out.find("# SHA-256 " + fingerprint + '\n') != std::string::npos, made.out);
        CHECK(shown.find("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1") !=
              std::string::npos);
        const std::string key = read_file(folder / "made.key");
        const Result again = make({});
        CHECK(again.status == 1);
        CHECK(again.err.find("is there already") != std::string::npos);
        CHECK(read_file(folder / "made.key") == key);
        CHECK(run_client({"ftpctl", "certificate", "make", folder / "one"}).status == 64);
        Daemon daemon{Daemon::Setting{.lines = {line}}};
        for (const std::string host : {"localhost", "127.0.0.1"})
            run_in(folder.path(), {"curl", "-sS", "--ssl-reqd", "--cacert", "made.pem",
                                   text("ftp://", host, ':', daemon.port(), '/')});
    }

    TEST_CASE("TLS: without a certificate or with a wrong one the daemon does not start and says why") {
        const TempDir folder;
        const TestCertificate one = make_certificate(folder, "one"),
                              other = make_certificate(folder, "other");
        write_file(folder / "nothing", "nothing");
        const auto start = [&](const Words& lines, const std::string& option = "-d") {
            Words command{
                "ftpd", option, "-o", "listen 127.0.0.1:0", "-o", "state " + (folder / "state").string()};
            for (const std::string& line : lines) command.insert(command.end(), {"-o", line});
            return run_client(command);
        };
        const auto certificate = [](const Path& file, const Path& key) {
            return text("certificate ", file.string(), ' ', key.string());
        };
        const TestCertificate expired = make_dated(folder, "expired", "20200101000000Z", "20200201000000Z"),
                              short_lived = make_short_lived(folder);
        struct Case {
            Words lines;
            std::string said;
        };
        for (const Case& wrong :
             {Case{{"tls required"}, "add `certificate CERT KEY'"},
              {{"listen 127.0.0.1:0 tls"}, "add `certificate CERT KEY'"},
              {{certificate(one.certificate, one.key), "tls off", "listen 127.0.0.1:0 tls"},
               "leave out `tls off'"},
              {{"listen unix:/x tls"}, "leave out tls"},
              {{"listen 127.0.0.1:0 ssl"}, "an address"},
              {{certificate(one.certificate, other.key)}, "another certificate's"},
              {{certificate(one.certificate, folder / "nothing")}, "nothing: "},
              {{certificate(folder / "nothing", one.key)}, "nothing: "},
              {{certificate(one.certificate, folder / "missing")}, "missing: No such file"},
              {{certificate(expired.certificate, expired.key)}, "expired.pem: it has expired: "},
              {{certificate(one.certificate, one.key), certificate(one.certificate, other.key)},
               "another certificate's"}}) {
            const Result result = start(wrong.lines);
            CHECK(result.status == 1);
            CHECK_MESSAGE(result.err.find(wrong.said) != std::string::npos, result.err);
            CHECK(result.err.find("listening") == std::string::npos);
            const Result looked = start(wrong.lines, "-n");
            CHECK(looked.status == 1);
            CHECK_MESSAGE(looked.err.find(wrong.said) != std::string::npos, looked.err);
        }
        const Result looked =
            run_client({"ftpd", "-n", "-o", certificate(short_lived.certificate, short_lived.key)});
        CHECK(looked.status == 0);
        CHECK(looked.err.find("short.pem: it expires soon: ") != std::string::npos);
        CHECK(looked.err.find("everybody") == std::string::npos);
        std::filesystem::permissions(short_lived.key, std::filesystem::perms{0644});
        const Result open =
            run_client({"ftpd", "-n", "-o", certificate(short_lived.certificate, short_lived.key)});
        CHECK(open.status == 0);
        CHECK(open.err.find("short.key: everybody can read this key: chmod o= ") != std::string::npos);
    }

    TEST_CASE("TLS: a key or a certificate that the daemon's user may not read is told by its name") {
        if (::geteuid() != 0) return tests::skip("only root can be another user");
        const TempDir folder;
        const Path shared = folder.make_shared("shared"), state = folder.make_shared("state");
        const TestCertificate made = make_certificate(folder, "own");
        const TestCertificate own{shared / "own.pem", shared / "own.key"};
        std::filesystem::copy_file(made.certificate, own.certificate);
        std::filesystem::copy_file(made.key, own.key);
        for (const Path& closed : {own.certificate, own.key})
            for (const std::string option : {"-n", "-d"}) {
                std::filesystem::permissions(own.certificate, std::filesystem::perms{0644});
                std::filesystem::permissions(own.key, std::filesystem::perms{0644});
                std::filesystem::permissions(closed, std::filesystem::perms{0600});
                const Result result =
                    run_client({"setpriv", "--reuid=4242", "--regid=4242", "--clear-groups", "--",
                                find_program("ftpd"), option, "-o", "listen 127.0.0.1:0", "-o",
                                "state " + (state / option).string(), "-o", "root " + shared.string(), "-o",
                                text("certificate ", own.certificate.string(), ' ', own.key.string())});
                CHECK(result.status == 1);
                CHECK_MESSAGE(result.err.find(closed.string() + ": Permission denied") != std::string::npos,
                              result.err);
                CHECK(result.err.find("listening") == std::string::npos);
            }
    }

    TEST_CASE("TLS: where the program for it is not there a configuration with it says what to install") {
        const TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        for (const std::string program : {"ftpd", "chatd"}) {
            std::filesystem::copy_file(find_program(program), folder / program);
            const Words lines{text("certificate ", own.certificate.string(), ' ', own.key.string()),
                              "listen 127.0.0.1:0 tls"};
            for (const std::string option : {"-n", "-d"}) {
                Words command{folder / program, option, "-o", "state " + (folder / "state").string()};
                for (const std::string& line : lines) command.insert(command.end(), {"-o", line});
                const Result result = run_client(command);
                CHECK(result.status == 1);
                CHECK_MESSAGE(result.err.find("install libgnutls28-dev") != std::string::npos, result.err);
                CHECK(result.err.find("listening") == std::string::npos);
            }
        }
    }
}
