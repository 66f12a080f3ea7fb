// SPDX-License-Identifier: ISC
// fcp and fls under TLS: which servers they go on with, and that nothing is said before or without it.
#include "tests/e2e/clients.hh"
#include "tests/e2e/fake_server.hh"
#include "tests/e2e/ftpd/fcp/secured_place.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/relay.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <future>

using namespace e2e;
using common::text;

namespace {

bool has(const std::string& whole, std::string_view part) { return whole.find(part) != whole.npos; }

// What a client says of a server with this certificate, which it meets by this name.
Result meet(const TestCertificate& certificate, const Words& options, const std::string& host = "localhost") {
    TlsHouse house{{certificate}};
    const TempDir home;
    auto served = std::async(std::launch::async, [&] {
        TlsPeer peer = house.serve(house.accept());
        peer.write("220 Ready.\r\n");
        return peer.read(1).empty();
    });
    Words command{"env", "-u", "XDG_STATE_HOME", "HOME=" + home.path().string(), find_program("fls")};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(text("ftps://", host, ':', house.port(), '/'));
    Result result = run_client(command);
    CHECK(served.get()); // it was told nothing
    return result;
}

// A certificate for a host that this one's key has signed.
TestCertificate sign(const TempDir& folder, const TestCertificate& signer, const std::string& name,
                     const std::string& host) {
    const TestCertificate made{folder / (name + ".pem"), folder / (name + ".key")};
    write_file(folder / "names", "subjectAltName=DNS:" + host + "\n");
    run_in(folder.path(), {"openssl", "req", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                           "-subj", "/CN=" + host, "-keyout", made.key, "-out", "request"});
    run_in(folder.path(),
           {"openssl", "x509", "-req", "-in", "request", "-CA", signer.certificate, "-CAkey", signer.key,
            "-CAcreateserial", "-days", "3", "-extfile", "names", "-out", made.certificate});
    return made;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("fcp --tls asks once for a certificate that proves nothing and knows it from then on") {
        const SecuredPlace server;
        write_file(server.place.served("file"), "content");
        const std::string back = server.place.local / "back";
        const Words command = server.place.command("fcp", {"--tls", "localhost:file", back});
        {
            Pty person{command};
            person.wait_for(text("The certificate of localhost:", server.place.daemon.port(),
                                 " proves nothing: it is signed by nobody whom this system trusts."));
            person.wait_for(server.fingerprint());
            person.wait_for("(yes/no)? ");
            person.type("y\r");
            person.wait_for("Please type yes or no: ");
            person.type("no\r");
            CHECK(person.wait() == 1);
            CHECK(has(person.screen(), "localhost: its certificate was not accepted"));
            CHECK_FALSE(std::filesystem::exists(server.known()));
        }
        {
            Pty person{command};
            person.wait_for("(yes/no)? ");
            person.type("yes\r");
            CHECK(person.wait() == 0);
        }
        CHECK(read_file(back) == "content");
        CHECK(mode_of(server.known()) == 0600);
        CHECK(is_silent_success(server.place.fcp({"--tls", "localhost:file", back})));
        CHECK(server.place.fls({"--tls=required", "localhost:"}).out == "file\n");
        // Another name is another server.
        CHECK(has(server.place.fls({"--tls", "127.0.0.1:"}).err, server.fingerprint()));
    }

    TEST_CASE("fcp --tls without a terminal refuses what it does not know unless --pin says otherwise") {
        const SecuredPlace server;
        const Words operands{"--tls", "localhost:"};
        const Result refused = server.place.fls(operands);
        CHECK(refused.status == 1);
        CHECK(has(refused.err, "fls: localhost: its certificate proves nothing: it is signed by nobody"));
        CHECK(has(refused.err, server.fingerprint()));
        CHECK_FALSE(has(server.place.daemon.log(), "login"));
        const auto pinned = [&](const std::string& pin) {
            return server.place.fls({"--tls", "--pin", pin, "localhost:"});
        };
        CHECK(has(pinned(std::string(64, '0')).err, "its certificate is another than --pin says: SHA-256 "));
        CHECK(is_silent_success(pinned(server.fingerprint())));
        CHECK(server.place.fls(operands).status == 1);
        CHECK(is_silent_success(pinned("new")));
        CHECK(is_silent_success(server.place.fls(operands)));
        // One whose signer is trusted is bound by a fingerprint all the same.
        const Result bound = server.place.fls(
            {"--tls", "--ca-file", server.own.certificate, "--pin", std::string(64, 'a'), "localhost:"});
        CHECK(has(bound.err, "another than --pin says"));
        const Result unused = server.place.fls({"--pin", "new", "localhost:"});
        CHECK(unused.status == 64);
    }

    TEST_CASE("fcp --tls refuses a certificate that has changed and says how to accept it") {
        const SecuredPlace server;
        CHECK(is_silent_success(server.place.fls({"--tls", "--pin", "new", "localhost:"})));
        const TestCertificate other = make_certificate(server.folder, "other");
        std::filesystem::rename(other.key, server.own.key);
        std::filesystem::rename(other.certificate, server.own.certificate);
        server.place.daemon.wait_for_log("listening");
        const std::size_t before = server.place.daemon.log().size();
        const_cast<Daemon&>(server.place.daemon).signal(SIGHUP);
        server.place.daemon.wait_for_log("configuration read again", before);
        const Result refused = server.place.fls({"--tls", "--pin", "new", "localhost:"});
        CHECK(refused.status == 1);
        CHECK(has(refused.err,
                  text("THE CERTIFICATE OF localhost:", server.place.daemon.port(), " HAS CHANGED")));
        CHECK(has(refused.err, "Its fingerprint is now " + server.fingerprint()));
        CHECK(has(refused.err, text("line 1 of ", server.known().native())));
        const std::size_t remedy = refused.err.find("sed ");
        REQUIRE(remedy != std::string::npos);
        CHECK(run_client({"sh", "-c", refused.err.substr(remedy)}).status == 0);
        CHECK(is_silent_success(server.place.fls({"--tls", "--pin", "new", "localhost:"})));
    }

    TEST_CASE("fcp --tls says what is wrong with a certificate whose signer is trusted") {
        const TempDir folder;
        const TestCertificate signer = make_certificate(folder, "signer", KeyKind::ecdsa, "signer");
        const TestCertificate other = sign(folder, signer, "other", "elsewhere");
        const Words trusting{"--ca-file", signer.certificate};
        const std::string why = "its certificate proves nothing: ";
        CHECK(has(meet(other, trusting).err, why + "it is for another name."));
        CHECK(has(meet(other, trusting, "127.0.0.1").err, why + "it is for another name."));
        CHECK(has(meet(other, {}).err, why + "it is signed by nobody whom this system trusts"));
        const TestCertificate old = make_dated(folder, "old", "20200101000000Z", "20210101000000Z");
        CHECK(has(meet(old, {"--ca-file", old.certificate}).err, why + "it has expired."));
        const TestCertificate early = make_dated(folder, "early", "20900101000000Z", "20910101000000Z");
        CHECK(has(meet(early, {"--ca-file", early.certificate}).err, why + "it is not valid yet."));
        const Result lacks = meet(other, {"--pin", std::string(64, '0')});
        CHECK(has(lacks.err, "another than --pin says"));
    }

    TEST_CASE("fcp --tls goes on with a certificate whose signer is trusted and never asks") {
        const SecuredPlace server{{"tls offered"}};
        write_file(server.place.served("file"), "content");
        const std::string back = server.place.local / "back";
        CHECK(is_silent_success(server.fcp({"localhost:file", back})));
        CHECK(is_silent_success(server.fcp({"127.0.0.1:file", back})));
        CHECK(is_silent_success(
            server.fcp({text("ftp://localhost:", server.place.daemon.port(), "/file"), back})));
        CHECK_FALSE(std::filesystem::exists(server.known()));
        const Result wrong = server.place.fls({"--tls", "--ca-file", "/nowhere", "localhost:"});
        CHECK(has(wrong.err, "fls: localhost: no TLS: suite-tls: /nowhere: "));
    }

    TEST_CASE("fcp --tls copies a hundred files both ways in both versions") {
        const SecuredPlace server;
        plant_odd_tree(server.place.local / "tree", 100);
        for (const std::string version : {"1.2", "1.3"}) {
            CAPTURE(version);
            const Path priority = server.folder / "priority";
            write_file(priority, version == "1.2" ? "[overrides]\ndisabled-version = tls1.3\n" : "");
            const auto run = [&](const Words& operands) {
                Words command = server.place.command("fcp", server.trusting(operands));
                command.insert(command.begin() + 3, "GNUTLS_SYSTEM_PRIORITY_FILE=" + priority.string());
                return run_client(command);
            };
            const std::size_t before = server.place.daemon.log().size();
            CHECK(is_silent_success(run({"-rp", server.place.local / "tree", "localhost:" + version})));
            CHECK(is_silent_success(run({"-rp", "localhost:" + version, server.place.local / version})));
            check_same_tree(server.place.local / "tree", server.place.local / version);
            server.place.daemon.wait_for_log("tls (TLS" + version, before);
            CHECK(is_silent_success(run({"-rpc", server.place.local / "tree/.", "localhost:" + version})));
        }
    }

    TEST_CASE("ftps URLs begin with TLS and hide their password as others do") {
        TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        Daemon::Setting setting;
        setting.listeners = 2;
        setting.lines = {"anonymous write", "listen 127.0.0.1:0", "listen 127.0.0.1:0 tls",
                         text("certificate ", own.certificate.native(), ' ', own.key.native())};
        const Daemon daemon{setting};
        write_file(daemon.files() / "file", "content");
        const std::string port = text(daemon.addresses().at(1).port());
        const std::string home = "HOME=" + folder.path().string();
        const auto run = [&](const Words& more) {
            Words command{"env",       "-u",           "XDG_STATE_HOME", home, find_program("fls"),
                          "--ca-file", own.certificate};
            command.insert(command.end(), more.begin(), more.end());
            return run_client(command);
        };
        CHECK(run({"ftps://localhost:" + port + "/"}).out == "file\n");
        CHECK(run({"--tls=implicit", "-P", port, "localhost:"}).out == "file\n");
        const Result plain = run({text("ftps://localhost:", daemon.port(), '/')});
        CHECK(plain.status == 1);
        CHECK(has(plain.err, "no TLS: no handshake: "));
        CHECK(has(plain.err, "is that a port where TLS begins with the first byte?"));
        CHECK(run({"--tls=sometimes", "localhost:"}).status == 64);
    }

    TEST_CASE("fcp --tls says nothing in the clear to a server without TLS") {
        FakeServer server{[](Connection& client) {
            client.send("220 Ready.\r\n");
            CHECK(client.read_line() == "AUTH TLS");
            client.send("502 What is that?\r\n");
            CHECK(client.read_to_end().empty());
        }};
        const Result refused = run_client(
            {find_program("fls"), "--tls", text("ftp://joe:secret@127.0.0.1:", server.port(), '/')});
        CHECK(refused.status == 1);
        CHECK(refused.err ==
              "fls: 127.0.0.1: there is no TLS, and nothing was said in the clear: What is that?\n");
    }

    TEST_CASE("fcp --tls believes nothing that was said before TLS began") {
        FakeServer server{[](Connection& client) {
            client.send("220 Ready.\r\n");
            client.read_line();
            client.send("234 Begin.\r\n200 Fine.\r\n");
            client.wait_for_end();
        }};
        const Result refused =
            run_client({find_program("fls"), "--tls", text("ftp://127.0.0.1:", server.port(), '/')});
        CHECK(refused.err ==
              "fls: 127.0.0.1: the server speaks before TLS has begun: somebody may be in between\n");
    }

    TEST_CASE("fcp names the option for a server that wants TLS") {
        const SecuredPlace server;
        const Result refused = server.place.fls({"localhost:"});
        CHECK(refused.status == 1);
        CHECK(has(refused.err, "send AUTH TLS first. (--tls does that)"));
    }

    TEST_CASE("fcp says what to install when suite-tls is not there") {
        const TempDir folder;
        std::filesystem::copy_file(find_program("fcp"), folder / "fls");
        const Result refused = run_client({folder / "fls", "--tls", "localhost:"});
        CHECK(refused.status == 1);
        CHECK(has(refused.err, "there is no program suite-tls"));
        CHECK(has(refused.err, "install libgnutls28-dev"));
    }

    TEST_CASE("a download of fcp whose relay dies leaves no file behind that looks whole") {
        if (!have_proc()) return tests::skip("needs /proc");
        const SecuredPlace server{{"tls required", "rate-down 100K"}};
        write_file(server.place.served("large"), make_bytes(3'000'000));
        const Path target = server.place.local / "copies";
        std::filesystem::create_directory(target);
        Process client{
            server.place.command("fcp", server.trusting({"localhost:large", (target / "large").string()}))};
        wait_until("bytes are there", [&] {
            for (const std::string& name : names_in(target))
                if (std::filesystem::file_size(target / name) > 0) return true;
            return false;
        });
        for (const pid_t relay : server.client_relays()) ::kill(relay, SIGKILL);
        CHECK(client.wait() == 1);
        CHECK(has(client.err().text(), "bytes are missing"));
        CHECK_FALSE(std::filesystem::exists(target / "large"));
    }

    TEST_CASE("an upload of fcp that dies under TLS leaves no file behind that looks whole") {
        if (!have_proc()) return tests::skip("needs /proc");
        for (const bool is_relay : {false, true}) {
            CAPTURE(is_relay);
            const SecuredPlace server;
            const std::size_t before = server.place.daemon.log().size();
            Process client{server.place.command("fcp", server.trusting({"-", "localhost:new"}))};
            client.write(make_bytes(300'000));
            server.place.daemon.wait_for_log("login", before);
            wait_until("the bytes are there", [&] {
                for (const std::string& name : names_in(server.place.daemon.files()))
                    if (std::filesystem::file_size(server.place.served(name)) > 0) return true;
                return false;
            });
            const std::vector<pid_t> relays = server.client_relays();
            REQUIRE(relays.size() == 1);
            // What reads the server's bytes has no way to a file or another socket.
            if (!is_posix_build())
                CHECK(has(read_file(text("/proc/", relays[0], "/status")), "NoNewPrivs:\t1"));
            if (is_relay) {
                ::kill(relays[0], SIGKILL);
                client.close_input();
                CHECK(client.wait() == 1);
                CHECK(has(client.err().text(), "suite-tls has ended"));
            } else {
                client.signal(SIGKILL);
                client.wait();
            }
            server.place.daemon.wait_until_idle();
            wait_until("the relay has ended", [&] { return server.client_relays().empty(); });
            CHECK_FALSE(std::filesystem::exists(server.place.served("new")));
        }
    }

    TEST_CASE("a download of fcp that is cut under TLS fails and is continued with -c") {
        const SecuredPlace server;
        const std::string bytes = make_bytes(30'000'000);
        write_file(server.place.served("file"), bytes);
        Relay between{server.place.daemon.port()};
        const Path target = server.place.local / "file";
        Words command{"env",
                      "-u",
                      "XDG_STATE_HOME",
                      "HOME=" + server.place.local.path().string(),
                      find_program("fcp"),
                      "--tls",
                      "--ca-file",
                      server.own.certificate,
                      "-c",
                      text("ftp://localhost:", between.port(), "/file"),
                      target};
        {
            Process client{command};
            const Path part = server.place.local / ".file.fcp-part";
            wait_until("some is there",
                       [&] { return std::filesystem::exists(part) && std::filesystem::file_size(part) > 0; });
            client.signal(SIGSTOP);
            between.cut();
            client.signal(SIGCONT);
            CHECK(client.wait() == 1);
            CHECK_FALSE(client.err().text().empty());
        }
        CHECK_FALSE(std::filesystem::exists(target));
        CHECK(is_silent_success(run_client(command)));
        CHECK((read_file(target) == bytes));
    }

    TEST_CASE("programs for clients have nothing of a TLS library in them") {
        for (const char* const program : {"fcp", "chat"}) {
            const Result names = run_client({"nm", find_program(program)});
            REQUIRE(names.status == 0);
            for (const char* const part : {"gnutls", "SSL_", "mbedtls"}) CHECK_FALSE(has(names.out, part));
        }
    }
}
