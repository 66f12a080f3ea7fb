// SPDX-License-Identifier: ISC
// TLS under attack: clients that send what no client sends, and the death of each process at each point of a
// client's life. Whatever happens costs that client at most, and half a file never looks whole.
#include "common/address.hh"
#include "common/far_process.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/secured.hh"
#include "tests/skip.hh"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <list>
#include <set>

using namespace e2e;
using common::text;

namespace {

Words attack(const Secured& server, const std::string& what, const Words& more = {}) {
    Words command{"python3", in_source("tests/e2e/ftpd/tls_attacker.py"), what, text(server.daemon().port()),
                  server.certificate()};
    command.insert(command.end(), more.begin(), more.end());
    return command;
}

void survive(const Secured& server, const std::string& what, const Words& more = {}) {
    run_in(server.daemon().folder().path(), attack(server, what, more));
}

// What tls_attacker.py fetches and replaces.
void plant(const Secured& server) {
    write_file(server.daemon().files() / "small", "small");
    write_file(server.daemon().files() / "large", make_bytes(20'000'000));
    write_file(server.daemon().files() / "target", "old");
}

// Somebody else, who was there before, and what he has.
class Bystander {
public:
    explicit Bystander(const Secured& server)
        : server_(server),
          client_({"openssl", "s_client", "-connect", text("localhost:", server.daemon().port()), "-starttls",
                   "ftp", "-quiet", "-crlf", "-CAfile", server.certificate()}) {
        client_.write("GET small\n");
        seen_ = client_.out().wait_for("226 ");
        relays_ = server.relays();
        for (const ProcessStatus& session : children_of(server.daemon().main_pid()))
            sessions_.insert(session.pid);
    }
    void check() {
        client_.write("GET small\n");
        seen_ = client_.out().wait_for("small226 ", seen_);
    }
    // Those of the other client, or of all.
    std::vector<pid_t> others(const std::string& role) const {
        std::vector<pid_t> all;
        if (role == "keyd" || role == "tlsd") { // whose relays are the keeper's once it has died
            all = server_.processes(role);
            std::erase_if(all, [&](pid_t one) { return std::ranges::find(relays_, one) != relays_.end(); });
        }
        if (role == "relay")
            for (const pid_t relay : server_.relays())
                if (std::ranges::find(relays_, relay) == relays_.end()) all.push_back(relay);
        if (role == "session")
            for (const ProcessStatus& session : children_of(server_.daemon().main_pid()))
                if (session.state != 'Z' && !sessions_.contains(session.pid)) all.push_back(session.pid);
        return all;
    }

private:
    const Secured& server_;
    Process client_;
    std::size_t seen_ = 0;
    std::vector<pid_t> relays_;
    std::set<pid_t> sessions_;
};

std::vector<pid_t> processes(const Secured& server, const Bystander& bystander, const std::string& role) {
    if (role == "keeper") return {server.daemon().pid()};
    if (role == "parent") return {server.daemon().main_pid()};
    return bystander.others(role);
}

// Within the time that a dead process takes to come back.
void check_newcomers(const Secured& server) {
    wait_until("a newcomer is served", [&] {
        return run_client(server.curl({"-m", "10", server.url("small")})).out == "small";
    });
}

struct Point {
    std::string name;
    bool has_relay;
};
const std::vector<Point> points{{"before_auth", false},
                                {"in_handshake", true},
                                {"when_idle", true},
                                {"in_download", true},
                                {"in_upload", true}};

// Kills the process at that point, and returns what became of the client.
std::string kill_at(const Secured& server, Bystander& bystander, const std::string& role,
                    const Point& point) {
    write_file(server.daemon().files() / "target", "old");
    Process client{attack(server, "at_" + point.name)};
    client.out().wait_for("there\n");
    const std::vector<pid_t> killed = processes(server, bystander, role);
    CHECK(killed.size() == 1);
    std::vector<common::Fd> held;
    for (const pid_t one : killed) {
        held.push_back(common::hold_process(one));
        ::kill(one, SIGKILL);
    }
    for (const common::Fd& one : held)
        if (one) wait_readable(one.get());
    for (const pid_t one : killed) wait_until("it has ended", [&] { return !is_alive(one); });
    client.write("\n");
    CHECK(client.wait() == 0);
    const std::string all = client.out().text();
    const std::string became = all.substr(all.find('\n') + 1);
    // Nothing but the old file, or all of the new.
    const std::string target = read_file(server.daemon().files() / "target");
    CHECK((target == "old" || target == std::string(20'000'000, 'n')));
    if (point.name == "in_upload") CHECK((target == "old") == (became != "served\n"));
    return became.substr(0, became.size() - 1);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("TLS: a hello that comes byte by byte is served") { survive(Secured{}, "slow_hello"); }

    TEST_CASE("TLS: a hello where FTP is spoken is told of and ends that client alone") {
        const Secured server;
        survive(server, "plain_hello");
        server.daemon().wait_for_log("a TLS handshake: closing");
        CHECK(run_in(server.daemon().folder().path(), server.curl({server.url()})).empty());
    }

    TEST_CASE("TLS: a hello of a megabyte ends that client alone") {
        const Secured server;
        survive(server, "large_hello");
        CHECK(run_in(server.daemon().folder().path(), server.curl({server.url()})).empty());
    }

    TEST_CASE("TLS: a hello may come late where there is no time to log in") {
        survive(Secured{{"login-timeout 0"}}, "late_hello");
    }

    TEST_CASE("TLS: a thousand hellos that stop half way end in their time and keep nobody waiting") {
        const Secured server{{"login-timeout 30", "max-clients 0", "connect-rate 0", "max-per-address 0"}};
        plant(server);
        Bystander bystander{server};
        const bool has_room = !is_sanitized() && stat_of(server.daemon(), "max-clients") > 1200;
        Process crowd{attack(server, "halves", {has_room ? "1000" : "100"})};
        crowd.out().wait_for("sent\n");
        check_newcomers(server);
        bystander.check();
        crowd.out().wait_for("ended\n");
        CHECK(crowd.wait() == 0);
        wait_until("their relays are gone", [&] { return bystander.others("relay").empty(); });
        wait_until("and their sessions", [&] { return bystander.others("session").empty(); });
        bystander.check();
        CHECK(server.daemon().log().find("no relay can be had") == std::string::npos);
        CHECK(server.daemon().log().find("malformed") == std::string::npos);
    }

    TEST_CASE("TLS: a client may break off as many downloads as it likes") {
        const Secured server;
        plant(server);
        survive(server, "aborts", {"300"});
    }

    TEST_CASE("TLS: an upload that is cut between records or within one is kept to be continued") {
        survive(Secured{}, "cuts");
    }

    TEST_CASE(
        "TLS: where bare ends are trusted an upload that is cut within a record is still no whole one") {
        survive(Secured{{"tls-end trusted"}}, "trusted_cuts");
    }

    TEST_CASE("TLS: no relay collects a large message of a handshake behind the handshake") {
        const Secured server;
        survive(server, "large_message");
        CHECK(run_in(server.daemon().folder().path(), server.curl({server.url()})).empty());
    }

    TEST_CASE("TLS: a download that is taken slowly but steadily comes to its end") {
        const Secured server{{"stall-timeout 2"}};
        constexpr std::size_t size = 3'000'000;
        write_file(server.daemon().files() / "large", make_bytes(size));
        survive(server, "slow_download", {text(size)});
    }

    TEST_CASE("TLS: a download needs no close_notify of its client") {
        const Secured server;
        plant(server);
        survive(server, "no_notify");
    }

    TEST_CASE("TLS: after AUTH and a death of tlsd a client that sits in the clear is told to come again") {
        const Secured server;
        Connection plain{server.daemon().port()};
        plain.expect(220);
        for (const pid_t tlsd : server.processes("tlsd")) ::kill(tlsd, SIGKILL);
        server.daemon().wait_for_log("starting another");
        plain.command("AUTH TLS", 431);
        plain.command("NOOP", 200);
    }

    TEST_CASE("TLS: while more wait for tlsd than may AUTH is answered with 431 and goes on in the clear") {
        const Secured server{{"max-clients 0", "connect-rate 0", "max-per-address 0"}};
        constexpr std::size_t more = 600; // than wait in the parent, and in the pair with tlsd
        if (is_sanitized() || stat_of(server.daemon(), "max-clients") < more + 10)
            return tests::skip("so many cannot be there");
        plant(server);
        REQUIRE(server.processes("tlsd").size() == 1);
        const pid_t tlsd = server.processes("tlsd").front();
        ::kill(tlsd, SIGSTOP);
        std::list<Connection> clients;
        for (std::size_t i = 0; i < more; ++i) clients.emplace_back(server.daemon().port()).expect(220);
        Connection& last = clients.back();
        last.command("AUTH TLS", 431);
        last.command("USER anonymous", 331);
        last.command("PASS guest", 230);
        ::kill(tlsd, SIGCONT);
        last.command("AUTH TLS", 431); // on another connection alone
        last.command("PWD", 257);
        check_newcomers(server);
        clients.front().command("AUTH TLS", 234);
    }

    TEST_CASE("TLS: the death of tlsd or keyd costs sitting clients nothing at any point") {
        for (const std::string role : {"tlsd", "keyd"}) {
            Secured server;
            plant(server);
            Bystander bystander{server};
            for (const Point& point : points) {
                INFO(role, ' ', point.name);
                const bool is_refused = role == "tlsd" && point.name == "before_auth";
                CHECK(kill_at(server, bystander, role, point) == (is_refused ? "431" : "served"));
                bystander.check();
                check_newcomers(server);
            }
        }
    }

    TEST_CASE("TLS: the death of the parent costs sitting clients nothing at any point") {
        for (const Point& point : points) {
            INFO(point.name);
            Secured server;
            plant(server);
            Bystander bystander{server};
            CHECK(kill_at(server, bystander, "parent", point) == "served");
            bystander.check();
            check_newcomers(server);
        }
    }

    TEST_CASE("TLS: the death of a relay or session costs its client alone at any point") {
        Secured server;
        plant(server);
        Bystander bystander{server};
        for (const std::string role : {"relay", "session"})
            for (const Point& point : points) {
                INFO(role, ' ', point.name);
                if (role == "relay" && !point.has_relay) continue;
                CHECK(kill_at(server, bystander, role, point) == "cut");
                bystander.check();
                check_newcomers(server);
            }
    }

    TEST_CASE("TLS: the death of the keeper ends all and no half file looks whole") {
        for (const Point& point : points) {
            INFO(point.name);
            Secured server;
            plant(server);
            Bystander bystander{server};
            std::vector<common::Fd> held;
            for (const ProcessStatus& one : below(server.daemon().pid()))
                held.push_back(common::hold_process(one.pid));
            const std::string became = kill_at(server, bystander, "keeper", point);
            CHECK_MESSAGE(!became.starts_with("WRONG"), became); // its session may hear of it too late
            server.daemon().wait();
            for (const common::Fd& one : held)
                if (one) wait_readable(one.get());
        }
    }

    TEST_CASE("TLS: an upgrade in the middle of a transfer cuts neither a download nor an upload") {
        for (const std::string what : {"at_in_download", "at_in_upload"}) {
            Secured server;
            plant(server);
            Process client{attack(server, what)};
            client.out().wait_for("there\n");
            server.daemon().signal(SIGUSR2);
            server.daemon().wait_for_log("in the place of");
            check_newcomers(server);
            client.write("\n");
            CHECK(client.wait() == 0);
            CHECK(client.out().text() == "there\nserved\n");
        }
    }

    TEST_CASE("TLS: a flood of empty records ends that client alone") {
        const Secured server;
        plant(server);
        Bystander bystander{server};
        Process client{attack(server, "empty_records", {"100000"})};
        client.out().wait_for("there\n");
        client.write("\n");
        CHECK(client.wait() == 0);
        wait_until("its relay is gone", [&] { return bystander.others("relay").empty(); });
        bystander.check();
    }

    TEST_CASE("TLS: a client that has keyd sign without end waits and nobody else does") {
        Secured server;
        const TempDir folder;
        server.renew(make_certificate(folder, "slow", KeyKind::slow));
        server.reload("configuration read again");
        plant(server);
        const auto began = std::chrono::steady_clock::now();
        constexpr int many = 120;
        Process greedy{attack(server, "signatures", {text(many)})};
        greedy.out().wait_for("there\n");
        for (int i = 0; i < 3; ++i) // each needs two: of the control connection and of a data connection
            run_in(server.daemon().folder().path(), server.curl({"-o", "back", server.url("small")}));
        CHECK(greedy.out().text() == "there\n");
        CHECK(greedy.wait() == 0);
        // Sixteen at once, and then, with such a key, twenty a second.
        CHECK(std::chrono::steady_clock::now() - began >= std::chrono::seconds{(many - 16) / 20 - 1});
    }

    TEST_CASE("TLS: transfers of who was there go on after reloads and an upgrade with other certificates") {
        Secured server;
        plant(server);
        const TempDir folder;
        // Each transfer needs a signature under the old certificate: ftplib resumes nothing.
        Process client{{"python3", "-c",
                        "import ftplib, ssl, sys\n"
                        "ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=sys.argv[2]))\n"
                        "ftp.connect('localhost', int(sys.argv[1]), timeout=60)\n"
                        "ftp.login(); ftp.prot_p()\n"
                        "print('there', flush=True)\n"
                        "for _ in sys.stdin:\n"
                        "    for _ in range(20): assert 'small' in ftp.nlst()\n"
                        "    print('listed', flush=True)\n",
                        text(server.daemon().port()), server.certificate()}};
        std::size_t seen = client.out().wait_for("there\n");
        const auto transfers = [&] {
            client.write("\n");
            seen = client.out().wait_for("listed\n", seen);
            CHECK(run_in(folder.path(), server.curl({server.url()})).find("small") != std::string::npos);
        };
        for (const std::string name : {"second", "third"}) {
            server.renew(make_certificate(folder, name, KeyKind::rsa));
            server.reload("configuration read again");
            transfers();
        }
        std::size_t before = server.daemon().log().size();
        ::kill(server.daemon().main_pid(), SIGKILL);
        server.daemon().wait_for_log("starting another", before);
        server.daemon().wait_for_log("listening", before);
        transfers();
        server.renew(make_certificate(folder, "fourth"));
        before = server.daemon().log().size();
        server.daemon().signal(SIGUSR2);
        server.daemon().wait_for_log("in the place of", before);
        transfers();
    }

    TEST_CASE("TLS: whose keyd has gone for good is refused another signature at once and may resume") {
        for (const bool is_reload : {true, false}) { // else tlsd has died before
            Secured server;
            const TempDir folder;
            Process client{{"python3", "-c",
                            "import ftplib, ssl, sys, time\n"
                            "ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=sys.argv[2]))\n"
                            "ftp.connect('localhost', int(sys.argv[1]), timeout=60)\n"
                            "ftp.login(); ftp.prot_p(); ftp.nlst()\n"
                            "print('there', flush=True); sys.stdin.readline()\n"
                            "began = time.monotonic()\n"
                            "for _ in range(3):\n"
                            "    try: ftp.nlst(); sys.exit('it was served')\n"
                            "    except ssl.SSLError: print(ftp.getmultiline())\n"
                            "print(time.monotonic() - began < 9)\n"
                            "data = ftplib.FTP.ntransfercmd(ftp, 'NLST')[0]\n"
                            "data = ftp.context.wrap_socket(data, server_hostname=ftp.host,\n"
                            "                               session=ftp.sock.session)\n"
                            "while data.recv(1000): pass\n"
                            "data.unwrap()\n"
                            "print(ftp.voidresp()[:3], flush=True)\n",
                            text(server.daemon().port()), server.certificate()}};
            client.out().wait_for("there\n");
            const pid_t old = server.processes("keyd").front();
            if (is_reload) {
                server.renew(make_certificate(folder, "other"));
                server.reload("configuration read again");
            } else {
                const pid_t tlsd = server.processes("tlsd").front();
                const common::Fd held = common::hold_process(tlsd);
                ::kill(tlsd, SIGKILL);
                if (held) wait_readable(held.get());
            }
            const common::Fd held = common::hold_process(old);
            ::kill(old, SIGKILL);
            if (held) wait_readable(held.get());
            client.write("\n");
            CHECK(client.wait() == 0);
            CHECK(client.out().text().find("426 The data connection was broken off: no handshake") !=
                  std::string::npos);
            CHECK(client.out().text().ends_with("True\n226\n"));
        }
    }

    TEST_CASE("TLS: a listener begins and ends to be for TLS with a reload or an upgrade") {
        const TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        const std::string place =
            common::local_address(common::listen_on(common::resolve_address("127.0.0.1:0").at(0)).get())
                .shown();
        const auto lines = [&](bool is_tls) {
            return Words{text("certificate ", own.certificate.string(), ' ', own.key.string()),
                         text("listen ", place, is_tls ? " tls" : "")};
        };
        Daemon daemon{Daemon::Setting{.lines = lines(false), .in_file = true}};
        write_file(daemon.files() / "file", "hello\n");
        bool is_tls = false;
        for (const int signal : {SIGHUP, SIGHUP, SIGUSR2, SIGUSR2}) {
            is_tls = !is_tls;
            daemon.configure(lines(is_tls));
            const std::size_t before = daemon.log().size();
            daemon.signal(signal);
            daemon.wait_for_log(signal == SIGHUP ? "configuration read again" : "in the place of", before);
            for (const bool tries_tls : {true, false}) {
                const Result result =
                    run_client({"curl", "-sS", "-m", "5", "--cacert", own.certificate,
                                text(tries_tls ? "ftps" : "ftp", "://localhost:", daemon.port(), "/file")});
                CHECK((result.out == "hello\n") == (tries_tls == is_tls));
            }
        }
    }

    TEST_CASE("TLS: a hundred files go over one session with curl and lftp in both versions") {
        for (const std::string reuse : {"optional", "required"}) {
            const Secured server{{"tls-reuse " + reuse}};
            const TempDir folder;
            const std::string bytes = make_bytes(100 * 4096);
            std::filesystem::create_directory(folder / "sent");
            for (int i = 0; i < 100; ++i)
                write_file(folder / "sent" / text("file", i), bytes.substr(i * 4096, 4096));
            for (const std::string version : {"1.2", "1.3"}) {
                const std::string priority = "NORMAL:-VERS-ALL:+VERS-TLS" + version;
                run_in(folder.path(), server.lftp(text("mirror -R sent lftp", version, "; mirror lftp",
                                                       version, " back", version),
                                                  text("set ssl:priority ", priority, ";")));
                check_same_bytes(folder / "sent", folder / ("back" + version));
                // curl 7.88 waits for nothing for up to a second before many a download, of plain FTP, too.
                run_in(folder.path(), server.curl({"--tls-max", version, "--ftp-create-dirs", "-T",
                                                   "sent/file[0-99]", server.url("curl" + version + "/")}));
                check_same_bytes(folder / "sent", server.daemon().files() / ("curl" + version));
                run_in(folder.path(), server.curl({"--tls-max", version, "-f", "-o", "#1",
                                                   server.url("curl" + version + "/file[0-4]")}));
                CHECK(read_file(folder / "4") == read_file(folder / "sent" / "file4"));
            }
        }
    }
}
