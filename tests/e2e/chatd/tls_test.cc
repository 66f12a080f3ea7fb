// SPDX-License-Identifier: ISC
// TLS as people at chatd meet it: with other people's clients, beside those without TLS, whatever dies, and
// what is refused to whom.
#include "common/far_process.hh"
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/roles.hh"
#include "tests/e2e/secured_chat.hh"
#include "tests/skip.hh"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <list>
#include <set>
#include <unistd.h>

using namespace e2e;
using common::text;
using tests::lacks;

namespace {

// Python's ssl, which tells how a connection ended.
Process python(const SecuredChat& server, const Words& steps) {
    Words command{"python3", in_source("tests/e2e/common/tls_client.py"), text(server.port()),
                  server.certificate()};
    command.insert(command.end(), steps.begin(), steps.end());
    return Process{command};
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE(
        "chat over TLS: openssl of both versions talks with somebody in the clear and enters by a code") {
        const SecuredChat server;
        ChatClient ann{server.daemon(), "ann"};
        for (const std::string version : {"-tls1_2", "-tls1_3"}) {
            Guest guest{server, {version}};
            guest.enter("guest");
            ann.wait_for_line("guest joined");
            check_they_talk(guest, ann, version);
            guest.say("/join s3cret");
            guest.hear("You are in plans");
            guest.say("/quit");
            CHECK(guest.program().wait() == 0);
            ann.wait_for_line("guest left");
        }
    }

    TEST_CASE("chat over TLS: gnutls-cli and ncat and Python talk too") {
        const SecuredChat server;
        ChatClient ann{server.daemon(), "ann"};
        const auto talk = [&](const Words& command) {
            Guest guest{command};
            guest.hear("Your name: ");
            guest.enter("guest");
            check_they_talk(guest, ann, "hello");
            guest.say("/quit");
            ann.wait_for_line("guest left");
            guest.program().close_input(); // ncat waits for that
            CHECK(guest.program().wait() == 0);
        };
        if (!lacks("gnutls-cli"))
            talk({"gnutls-cli", "--port", text(server.port()), "--x509cafile", server.certificate(),
                  "localhost"});
        if (!lacks("ncat"))
            talk({"ncat", "--ssl-verify", "--ssl-trustfile", server.certificate(), "localhost",
                  text(server.port())});
        // Its side ends with its input, and that of TCP alone.
        if (!lacks("ncat")) {
            const Result piped = run_client({"ncat", "--ssl-verify", "--ssl-trustfile", server.certificate(),
                                             "localhost", text(server.port())},
                                            "guest\n\nby the way\n/who\n/quit\n");
            CHECK(piped.status == 0);
            CHECK_MESSAGE(piped.out.find("Goodbye.") != std::string::npos, piped.out);
            ann.wait_for_line("guest say: by the way");
            ann.wait_for_line("guest left");
        }
        Process one = python(
            server, {"alpn=irc", "connect", "read=Your name: ", "send=guest\n\nhello\n/quit\n", "count"});
        ann.wait_for_line("guest say: hello");
        CHECK(one.wait() == 0);
        CHECK(one.out().text().find("TLSv1.3 new\n") == 0);
        CHECK(one.out().text().find(" clean\n") != std::string::npos);
    }

    TEST_CASE("chat over TLS: with telnet-ssl at a terminal a line is edited as with telnet") {
        const std::string telnet = tests::find_installed("telnet-ssl");
        if (telnet.empty()) return;
        const SecuredChat server;
        const auto command = [&](const std::string& trusted) {
            return Words{telnet,
                         "-z",
                         "ssl",
                         "-z",
                         "verify=3",
                         "-z",
                         "cacert=" + trusted,
                         "localhost",
                         text(server.port())};
        };
        const Words environment{"TERM=xterm", "LC_ALL=C.UTF-8"};
        ChatClient bob{server.daemon(), "bob", "s3cret"};
        Pty ada{command(server.certificate()), environment};
        ada.wait_for("Your name: ");
        ada.type("ada\r");
        ada.wait_for("Room code: ");
        ada.type("s3cret\r");
        ada.wait_for("You are in plans");
        ada.wait_for("> ");
        bob.wait_for_line("ada joined");
        ada.type("half \u00e9");
        ada.wait_for("half \u00e9");
        bob.say("hello");
        ada.wait_for("say: hello");
        ada.wait_for("> half \u00e9");
        ada.type(" a line\x7f\x7f!\r");
        bob.wait_for_line("ada say: half \u00e9 a li!");
        CHECK(ada.screen().find("s3cret") == std::string::npos);
        CHECK(chatctl(server.daemon(), {"who"}).find("1.3") != std::string::npos);
        ada.resize(120, 40);
        ada.type("/quit\r");
        ada.wait_for("Goodbye.");
        ada.wait();
        bob.wait_for_line("ada left");
        const TempDir folder;
        Pty doubter{command(make_certificate(folder, "other").certificate), environment};
        CHECK(doubter.wait() != 0);
        CHECK(doubter.screen().find("Your name") == std::string::npos);
    }

    TEST_CASE("chat over TLS: who offers another protocol or only an old version is refused") {
        const SecuredChat server{{"tls-minimum 1.3"}};
        for (const Words& options : {Words{"alpn=ftp"}, {"alpn=http/1.1"}, {"max=1.2"}}) {
            Words steps = options;
            steps.push_back("connect");
            Process client = python(server, steps);
            CHECK(client.wait() == 0);
            CHECK(client.out().text().find("refused") == 0);
        }
        server.daemon().wait_for_log(" no tls: no handshake: ");
    }

    TEST_CASE("chat over TLS: who and stats and the log say who has which version and cipher") {
        const SecuredChat server;
        Guest guest{server};
        guest.enter("guest");
        ChatClient ann{server.daemon(), "ann"};
        const std::string who = chatctl(server.daemon(), {"who"});
        CHECK_MESSAGE(who.find(" 1.3/AES-256-GCM lobby           guest\n") != std::string::npos, who);
        CHECK_MESSAGE(who.find(" -               lobby           ann\n") != std::string::npos, who);
        CHECK(who.find("\n" + text(server.handler_of("guest")) + " ") != std::string::npos);
        CHECK(chatctl(server.daemon(), {"stats"}).find("clients-tls-1.2 0\nclients-tls-1.3 1\n") !=
              std::string::npos);
        guest.say("/quit");
        guest.program().wait();
        server.daemon().wait_for_log(" guest tls 1.3/AES-256-GCM clients ");
    }

    TEST_CASE("chat over TLS: who has said nothing yet is under TLS all the same") {
        const SecuredChat server;
        Guest guest{server};
        guest.hear("Your name: ");
        wait_until("who says so", [&] {
            return chatctl(server.daemon(), {"who"}).find(" 1.3/AES-256-GCM ") != std::string::npos;
        });
    }

    TEST_CASE("chat over TLS: the limit for an address and a ban hold by the address of the client itself") {
        const SecuredChat server{{"max-per-address 1"}};
        Process first = python(server, {"connect", "read=Your name: ", "pause"});
        first.out().wait_for("new\n");
        Process second = python(server, {"connect"});
        CHECK(second.wait() == 0);
        CHECK(second.out().text().find("refused") == 0); // not in words that it would not understand
        server.daemon().wait_for_log("refuse 127.0.0.1:");
        first.signal(SIGKILL);
        first.wait();
        server.daemon().wait_for_log("end 127.0.0.1:");
        Guest guest{server};
        guest.enter("guest");
        CHECK(chatctl(server.daemon(), {"who"}).find(" 127.0.0.1:") != std::string::npos);
        chatctl(server.daemon(), {"ban", "127.0.0.1"});
        guest.hear("banned");
        CHECK(guest.program().wait() == 0);
        Process banned = python(server, {"connect"});
        banned.wait();
        CHECK(banned.out().text().find("refused") == 0);
    }

    TEST_CASE("chat over TLS: words at the end reach the client whole and a handler's death shows as a cut") {
        SecuredChat server{{}, true};
        const auto steps = [&](const std::string& name) {
            return Words{"connect", "read=Your name: ", "send=" + name + "\n\n", "count"};
        };
        const auto wait_for = [&](const std::string& name) {
            wait_until("it is in", [&] {
                return chatctl(server.daemon(), {"who"}).find(" " + name + "\n") != std::string::npos;
            });
        };
        ChatClient ann{server.daemon(), "ann"};
        {
            Process client = python(server, steps("kicked"));
            wait_for("kicked");
            chatctl(server.daemon(), {"kick", "kicked"});
            CHECK(client.wait() == 0);
            CHECK(client.out().text().find(" clean\n") != std::string::npos);
            ann.wait_for_line("kicked left");
        }
        {
            Process client = python(server, steps("killed"));
            wait_for("killed");
            ::kill(server.handler_of("killed"), SIGKILL);
            CHECK(client.wait() == 0);
            CHECK(client.out().text().find(" cut\n") != std::string::npos);
            ann.wait_for_line("killed left");
        }
        {
            Process client = python(server, steps("relayed"));
            wait_for("relayed");
            REQUIRE(server.relays().size() == 1);
            ::kill(server.relays().front(), SIGKILL);
            CHECK(client.wait() == 0);
            CHECK(client.out().text().find(" cut\n") != std::string::npos);
            ann.wait_for_line("relayed left");
        }
        Process client = python(server, steps("last"));
        wait_for("last");
        server.daemon().stop();
        CHECK(client.wait() == 0);
        CHECK(client.out().text().find(" clean\n") != std::string::npos);
    }

    TEST_CASE("chat over TLS: a line that was cut off is not said and one that its client ended is") {
        const SecuredChat server;
        ChatClient ann{server.daemon(), "ann"};
        Process bare = python(server, {"connect", "send=bare\n\nfirst\nhalf", "fin", "count"});
        CHECK(bare.wait() == 0);
        CHECK(bare.out().text().find(" clean\n") != std::string::npos); // all its answers came
        ann.wait_for_line("bare joined");
        ann.expect_lines({"bare say: first", "bare left"});
        // At the end of its input it sends close_notify.
        run_client({"openssl", "s_client", "-connect", server.place(), "-CAfile", server.certificate()},
                   "clean\n\nfirst\nhalf");
        ann.wait_for_line("clean joined");
        ann.expect_lines({"clean say: first", "clean say: half", "clean left"});
        Process reset = python(server, {"connect", "send=reset\n\n", "wait"});
        ann.wait_for_line("reset joined");
        reset.signal(SIGKILL);
        ann.wait_for_line("reset left");
    }

    TEST_CASE("chat over TLS: what is no TLS is cut off there and TLS is only a strange name elsewhere") {
        const SecuredChat server{{"login-timeout 2"}};
        ChatClient ann{server.daemon(), "ann"};
        Connection plain{server.port()}, silent{server.port()};
        plain.send("ada\n\n");
        plain.wait_for_end();
        server.daemon().wait_for_log(" no tls: no handshake: ");
        silent.wait_for_end();
        Words command = Guest::openssl(server);
        command[3] = text("localhost:", server.daemon().port());
        CHECK(run_client(command).status != 0);
        ann.say("still here");
        Guest guest{server};
        guest.enter("guest");
        check_they_talk(guest, ann, "hello");
    }

    TEST_CASE("chat over TLS: a hello byte by byte is served and one without end or a cut costs that client "
              "alone") {
        const SecuredChat server;
        ChatClient ann{server.daemon(), "ann"};
        for (const std::string what : {"chat_hello", "chat_cut"})
            run_in(server.daemon().folder().path(), {"python3", in_source("tests/e2e/ftpd/tls_attacker.py"),
                                                     what, text(server.port()), server.certificate()});
        ann.say("still here");
        Guest guest{server};
        guest.enter("guest");
        check_they_talk(guest, ann, "hello");
        CHECK(server.daemon().log().find("mallory") == std::string::npos);
    }

    TEST_CASE(
        "chat over TLS: many that stop in the middle of their hello cost their time and nobody else's") {
        const SecuredChat server{{"login-timeout 5", "max-clients 300"}};
        ChatClient ann{server.daemon(), "ann"};
        Guest guest{server};
        guest.enter("guest");
        std::list<Connection> halves;
        constexpr int many = 200;
        for (int i = 0; i < many; ++i) {
            halves.emplace_back(server.port());
            halves.back().try_send(std::string{"\x16\x03\x01\x02\x00\x01", 6});
        }
        check_they_talk(guest, ann, "meanwhile");
        Guest other{server};
        other.enter("other");
        for (Connection& half : halves) half.wait_for_end();
        wait_until("their relays have ended", [&] { return server.relays().size() == 2; });
        wait_until("and their handlers", [&] {
            return chatctl(server.daemon(), {"stats"}).find("clients 3\n") != std::string::npos;
        });
        check_they_talk(guest, ann, "afterwards");
    }

    TEST_CASE("chat over TLS: a hub or spawner or keyd or tlsd that dies cuts nobody and newcomers get in") {
        if (!have_proc()) return tests::skip("only /proc shows who they are");
        SecuredChat server{{}, true};
        ChatClient ann{server.daemon(), "ann"};
        Guest guest{server};
        guest.enter("guest");
        std::size_t logged = 0;
        const auto check = [&](const std::string& what) {
            check_they_talk(guest, ann, what);
            Guest other{server, {"-tls1_2"}};
            other.enter("other");
            ann.wait_for_line("other joined");
            other.say("/quit");
            CHECK(other.program().wait() == 0);
            ann.wait_for_line("other left");
        };
        server.kill_and_wait("tlsd");
        check("tlsd");
        server.kill_and_wait("keyd");
        check("keyd");
        const pid_t spawner = spawner_of(server.daemon());
        ::kill(spawner, SIGKILL);
        check("spawner");
        for (int round = 0; round < 2; ++round) {
            const pid_t hub = server.daemon().main_pid();
            ::kill(hub, SIGKILL);
            logged = server.daemon().wait_for_log("going on after a hub that has ended", logged);
            check(text("hub ", round));
            CHECK(chatctl(server.daemon(), {"who"}).find(" 1.3/AES-256-GCM lobby ") != std::string::npos);
        }
        server.kill_and_wait("tlsd"); // that of the next hub
        check("tlsd again");
    }

    TEST_CASE("chat over TLS: a tlsd that does not move keeps only those waiting who come for TLS") {
        if (!have_proc()) return tests::skip("only /proc shows who it is");
        const SecuredChat server;
        ChatClient ann{server.daemon(), "ann"};
        Guest guest{server};
        guest.enter("guest");
        const pid_t tlsd = server.process("tlsd");
        ::kill(tlsd, SIGSTOP);
        Guest waits{server};
        check_they_talk(guest, ann, "meanwhile");
        ChatClient bob{server.daemon(), "bob"};
        ann.wait_for_line("bob joined");
        wait_until("it is there, too", [&] {
            return chatctl(server.daemon(), {"stats"}).find("clients 4\n") != std::string::npos;
        });
        ::kill(tlsd, SIGCONT);
        waits.enter("waits");
        ann.wait_for_line("waits joined");
    }

    TEST_CASE("chat over TLS: of more than may wait for tlsd the last are cut off and nobody else notices") {
        if (!have_proc()) return tests::skip("only /proc shows who it is");
        const SecuredChat server{{"max-clients 800"}};
        constexpr std::size_t more = 600; // than wait in the hub, and in the pair with tlsd
        if (is_sanitized() ||
            chatctl(server.daemon(), {"stats"}).find("max-clients 800\n") == std::string::npos)
            return tests::skip("so many cannot be there");
        ChatClient ann{server.daemon(), "ann"};
        Guest guest{server};
        guest.enter("guest");
        const pid_t tlsd = server.process("tlsd");
        ::kill(tlsd, SIGSTOP);
        std::list<Connection> clients;
        for (std::size_t i = 0; i < more; ++i) clients.emplace_back(server.port());
        clients.back().wait_for_end();
        check_they_talk(guest, ann, "meanwhile");
        ChatClient bob{server.daemon(), "bob"};
        ann.wait_for_line("bob joined");
        ::kill(tlsd, SIGCONT);
        wait_until("newcomers get in", [&] {
            Process other = python(server, {"connect", "close"});
            CHECK(other.wait() == 0);
            return other.out().text().find("refused") == std::string::npos;
        });
        Guest other{server};
        other.enter("other");
        ann.wait_for_line("other joined");
    }

    TEST_CASE("chat over TLS: an upgrade cuts nobody") {
        SecuredChat server;
        ChatClient ann{server.daemon(), "ann"};
        Guest guest{server};
        guest.enter("guest");
        for (int round = 0; round < 2; ++round) {
            const std::size_t before = server.daemon().log().size();
            server.daemon().signal(SIGUSR2);
            server.daemon().wait_for_log("in the place of", before);
            check_they_talk(guest, ann, text("upgrade ", round));
            Guest other{server};
            other.enter("other");
            ann.wait_for_line("other joined");
            other.say("/quit");
            CHECK(other.program().wait() == 0);
            ann.wait_for_line("other left");
        }
        ::kill(server.daemon().main_pid(), SIGKILL);
        check_they_talk(guest, ann, "and a death");
        server.daemon().stop();
        CHECK(guest.program().wait() == 0);
    }

    TEST_CASE("chat over TLS: a reload serves newcomers with the new certificate and sitting clients stay") {
        SecuredChat server;
        const TempDir folder;
        const std::string old_one = folder / "old.pem";
        std::filesystem::copy_file(server.certificate(), old_one);
        std::optional<Guest> guest{std::in_place, server};
        guest->enter("guest");
        ChatClient ann{server.daemon(), "ann"};
        const common::Fd tlsd = common::hold_process(server.process("tlsd"));
        const common::Fd keyd = common::hold_process(server.process("keyd"));
        server.renew(make_certificate(folder, "other", KeyKind::rsa));
        chatctl(server.daemon(), {"reload"});
        Guest other{server};
        other.enter("other");
        Words believer = Guest::openssl(server);
        *std::ranges::find(believer, server.certificate()) = old_one;
        CHECK(run_client(believer).status != 0);
        check_they_talk(*guest, ann, "hello");
        guest->say("/quit");
        CHECK(guest->program().wait() == 0);
        for (const common::Fd* const old : {&tlsd, &keyd})
            if (*old) wait_readable(old->get()); // they end with their last client
        // What cannot be used changes nothing.
        const TestCertificate wrong = make_certificate(folder, "wrong");
        const auto now = server.processes("tlsd");
        server.renew({wrong.certificate, make_certificate(folder, "other wrong").key});
        const Result refused = run_chatctl(server.daemon(), {"reload"});
        CHECK(refused.status == 1);
        CHECK_MESSAGE(refused.err.find("another certificate's") != std::string::npos, refused.err);
        CHECK(server.processes("tlsd") == now);
        Guest third{server, {"-no-CAfile"}};
        other.say("still here");
        ann.wait_for_line("other say: still here");
    }

    TEST_CASE(
        "chat over TLS: a client's connection is its relay's alone and its handler has a stream and a pair") {
        if (!have_proc()) return tests::skip("needs /proc");
        if (::geteuid() != 0) return tests::skip("only root looks into processes that hide");
        const SecuredChat server;
        Guest guest{server};
        guest.enter("guest");
        const auto count = [](pid_t pid, std::string_view kind) {
            const Words kinds = kinds_of(pid);
            return std::ranges::count(kinds, kind);
        };
        const pid_t handler = server.handler_of("guest");
        CHECK(count(handler, "tcp") == 0);
        CHECK(count(handler, "unix") == 1);
        CHECK(count(handler, "pair") == 3); // with the hub twice: its standard error, too; with the relay
        const pid_t hub = server.daemon().main_pid(), spawner = spawner_of(server.daemon());
        wait_until("the hub lets go of what only the handler needs", [&] { return count(hub, "unix") == 0; });
        for (const pid_t other :
             {server.daemon().pid(), hub, spawner, server.process("tlsd"), server.process("keyd")}) {
            CHECK(count(other, "tcp") == 0);
            CHECK(count(other, "unix") == 0);
        }
        REQUIRE(server.relays().size() == 1);
        CHECK(count(server.relays().front(), "tcp") == 1);
    }

    TEST_CASE("chat over TLS: when keeper and hub are killed clients are told so and see a whole end") {
        SecuredChat server{{}, true};
        Guest guest{server};
        guest.enter("guest");
        server.daemon().kill();
        guest.hear("The server has ended");
        CHECK(guest.program().wait() == 0);
    }

    TEST_CASE("chat over TLS: no process but keyd has the key in its memory") {
        if (!have_proc()) return tests::skip("needs /proc");
        if (::geteuid() != 0) return tests::skip("only root looks into processes that hide");
        if (is_sanitized()) return tests::skip("the sanitizers map more than can be looked through");
        const SecuredChat server;
        Guest guest{server};
        guest.enter("guest");
        const std::size_t without = check_keyd_alone_has(private_value(server.key()), server.daemon().pid());
        CHECK(without >= 5); // tlsd, relay, hub, spawner, handler
    }

    TEST_CASE("chat over TLS: a listener for it opens with a reload and closes with another") {
        const TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        Words lines{text("certificate ", own.certificate.string(), ' ', own.key.string()),
                    "listen 127.0.0.1:0"};
        Daemon::Setting setting = chatd_with(lines);
        setting.in_file = true;
        Daemon daemon{setting};
        lines.push_back("listen 127.0.0.1:0 tls");
        daemon.configure(lines);
        chatctl(daemon, {"reload"});
        REQUIRE(daemon.addresses().size() == 2);
        Guest guest{{"openssl", "s_client", "-connect", text("localhost:", daemon.addresses()[1].port()),
                     "-quiet", "-CAfile", own.certificate, "-verify_return_error"}};
        guest.enter("guest");
        lines.push_back("tls-minimum 1.3");
        daemon.configure(lines);
        chatctl(daemon, {"reload"});
        const Words old{"openssl", "s_client", "-connect", text("localhost:", daemon.addresses()[1].port()),
                        "-tls1_2"};
        CHECK(run_client(old).status != 0);
        lines.pop_back();
        lines.pop_back();
        daemon.configure(lines);
        chatctl(daemon, {"reload"});
        daemon.wait_for_log("not listening any more on ");
        guest.say("still here");
        ChatClient ann{daemon, "ann"};
        guest.hear("ann joined");
    }

    TEST_CASE("chat over TLS: an upgrade begins it and another ends it and who is under it leaves then") {
        const TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        const Words plain{"listen 127.0.0.1:0"};
        Words secured{"listen 127.0.0.1:0 tls",
                      text("certificate ", own.certificate.string(), ' ', own.key.string())};
        secured.insert(secured.end(), plain.begin(), plain.end());
        Daemon::Setting setting = chatd_with(plain);
        setting.in_file = true;
        Daemon daemon{setting};
        ChatClient ann{daemon, "ann"};
        const auto upgrade = [&](const Words& lines) {
            daemon.configure(lines);
            const std::size_t before = daemon.log().size();
            daemon.signal(SIGUSR2);
            daemon.wait_for_log("in the place of", before);
        };
        upgrade(secured);
        std::string place;
        for (const common::Address& address : daemon.addresses())
            if (address.port() != daemon.port()) place = text("localhost:", address.port());
        REQUIRE(!place.empty());
        Guest guest{{"openssl", "s_client", "-connect", place, "-quiet", "-CAfile", own.certificate,
                     "-verify_return_error"}};
        guest.enter("guest");
        check_they_talk(guest, ann, "hello");
        upgrade(plain);
        ann.wait_for_line("guest left");
        CHECK(guest.program().wait() == 0);
        ann.say("still here");
    }

    TEST_CASE("chat over TLS: chatctl makes a certificate and -n and a start say what is wrong with one") {
        const TempDir folder;
        const Result made = run_client(
            {"chatctl", "certificate", "make", folder / "made.pem", folder / "made.key", "localhost"});
        CHECK_MESSAGE(made.status == 0, made.err);
        const std::string line = made.out.substr(0, made.out.find('\n'));
        const Result again =
            run_client({"chatctl", "certificate", "make", folder / "made.pem", folder / "made.key"});
        CHECK(again.status == 1);
        CHECK_MESSAGE(again.err.find("chatctl: ") == 0, again.err);
        CHECK(run_client({"chatctl", "certificate", "make"}).status == 64);
        const TestCertificate other = make_certificate(folder, "other");
        struct Case {
            Words lines;
            std::string said;
        };
        for (const bool checks : {true, false}) {
            const auto start = [&](const Words& lines) {
                Words command{"chatd", checks ? "-n" : "-d",
                              "-o",    "listen 127.0.0.1:0 tls",
                              "-o",    "state " + (folder / "state").string()};
                for (const std::string& one : lines) command.insert(command.end(), {"-o", one});
                return run_client(command);
            };
            for (const Case& wrong :
                 {Case{{}, "add `certificate CERT KEY'"},
                  {{text("certificate ", other.certificate.string(), ' ', (folder / "made.key").string())},
                   "another certificate's"},
                  {{text("certificate ", other.certificate.string(), ' ', (folder / "missing").string())},
                   "missing: No such file"}}) {
                const Result result = start(wrong.lines);
                CHECK(result.status == 1);
                CHECK_MESSAGE(result.err.find(wrong.said) != std::string::npos, result.err);
                CHECK(result.err.find("listening") == std::string::npos);
            }
            if (checks) CHECK(start({line}).status == 0);
        }
    }
}
