// SPDX-License-Identifier: ISC
// FTP under TLS with other people's programs: what is broken off is continued, and a person with telnet.
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/pty.hh"
#include "tests/e2e/secured.hh"
#include "tests/skip.hh"

#include <doctest/doctest.h>
#include <filesystem>

using namespace e2e;
using common::text;

TEST_SUITE("e2e") {
    TEST_CASE("TLS: curl and lftp and wget continue both ways in both versions whatever must be resumed") {
        for (const std::string reuse : {"optional", "required"}) {
            const Secured server{{"listen 127.0.0.1:0", "listen 127.0.0.1:0 tls", "tls-reuse " + reuse}, 2};
            const TempDir folder;
            const std::string bytes = make_bytes(1'000'000), half = bytes.substr(0, 400'000);
            write_file(folder / "sent", bytes);
            write_file(folder / "half", half);
            for (const std::string version : {"1.2", "1.3"}) {
                INFO(reuse, ' ', version);
                for (const std::string name : {"curl", "lftp", "wget"}) write_file(folder / name, half);
                const auto curl = [&](Words more) {
                    more.insert(more.end(), {"--tls-max", version});
                    run_in(folder.path(), server.curl(more));
                };
                const std::string there = server.url("curl" + version);
                curl({"-T", "half", there});
                curl({"-C", "-", "-T", "sent", there});
                curl({"-C", "-", "-o", "curl", there});
                const std::string other = "lftp" + version;
                run_in(folder.path(),
                       server.lftp(text("put half -o ", other, "; put -c sent -o ", other, "; get -c ", other,
                                        " -o lftp"),
                                   text("set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS", version, ";")));
                run_in(folder.path(),
                       {"wget", "-q", "-c", "--ftps-implicit", "--ca-certificate=" + server.certificate(),
                        version == "1.2" ? "--secure-protocol=TLSv1_2" : "--secure-protocol=TLSv1_3", "-O",
                        "wget",
                        text("ftps://localhost:", server.daemon().addresses()[1].port(), "/curl", version)});
                for (const std::string name : {"curl", "lftp", "wget"})
                    CHECK((read_file(folder / name) == bytes));
                for (const std::string& name : {"curl" + version, other})
                    CHECK((read_file(server.daemon().files() / name) == bytes));
            }
        }
    }

    TEST_CASE("TLS: of several certificates a client is shown the one for the host that it names") {
        const TempDir folder;
        const TestCertificate other = make_certificate(folder, "other", KeyKind::rsa, "other.example");
        const Secured server{{"certificate " + other.certificate.string() + ' ' + other.key.string()}};
        for (const bool names_other : {false, true}) {
            const std::string host = names_other ? "other.example" : "localhost";
            Process client{{"openssl", "s_client", "-connect", text("localhost:", server.daemon().port()),
                            "-starttls", "ftp", "-quiet", "-crlf", "-CAfile",
                            names_other ? other.certificate.string() : server.certificate(), "-servername",
                            host, "-verify_hostname", host, "-verify_return_error"}};
            client.write("QUIT\n");
            client.out().wait_for("221 ");
            CHECK(client.wait() == 0);
        }
    }

    TEST_CASE("TLS: a person with telnet-ssl has a dialogue where TLS comes first") {
        const std::string telnet = tests::find_installed("telnet-ssl");
        if (telnet.empty()) return tests::skip("needs telnet-ssl");
        const Secured server{{"listen 127.0.0.1:0", "listen 127.0.0.1:0 tls"}, 2};
        write_file(server.daemon().files() / "note", "hello\n");
        Pty person{{telnet, "-z", "ssl", "-z", "verify=3", "-z", "cacert=" + server.certificate(),
                    "localhost", text(server.daemon().addresses()[1].port())},
                   {"TERM=xterm", "LC_ALL=C.UTF-8"}};
        person.wait_for("220 ");
        person.type("LS\r");
        person.wait_for("note");
        person.type("GET note\r");
        person.wait_for("hello");
        person.wait_for("226 ");
        person.type("STAT\r");
        person.wait_for("TLS");
        person.type("QUIT\r");
        person.wait_for("221 ");
        person.wait();
    }
}
