// SPDX-License-Identifier: ISC
// Who may say what, and in which form: logging in, and what every verb of the table refuses.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/text.hh"
#include "ftpd/session/verbs.hh"

#include <doctest/doctest.h>

using common::text;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::Words;

namespace {

// Of a line behind which a body might follow: a refused PUT ends the session unless none was announced, and a
// refused WRITE throws lines away first.
int final_code_of(FtpClient& client, const std::string& line) {
    client.command("ALLO 0", 200);
    const int code = client.code_of(line);
    if (code != 150) return code;
    client.send(".\r\n");
    return client.read_reply().code;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("ftpd lets anonymous and ftp in with any password or an empty one") {
        const Daemon daemon;
        for (const auto* const name : {"anonymous", "ftp", "FTP", "Anonymous"}) {
            FtpClient client{daemon};
            client.command(text("USER ", name), 331);
            client.command("PASS", 230);
            client.command("PWD", 257);
        }
    }

    TEST_CASE("ftpd tells a wrong name only with the password and in the same words as a forbidden one") {
        const Daemon open;
        const Daemon shut{{.lines = {"anonymous no"}}};
        FtpClient stranger{open}, anonymous{shut};
        CHECK(stranger.command("USER nobody-here", 331) == "331 Password, please.");
        anonymous.command("USER anonymous", 331);
        CHECK(stranger.command("PASS x", 530) == anonymous.command("PASS x", 530));
        stranger.command("PWD", 530);
    }

    TEST_CASE("ftpd wants USER before PASS and a new USER ends the login") {
        const Daemon daemon;
        FtpClient client{daemon};
        client.command("PASS x", 503);
        client.login();
        client.command("PASS x", 202);
        client.command("USER anonymous", 331);
        client.command("PWD", 530);
        client.command("PASS x", 230);
        client.command("PWD", 257);
    }

    TEST_CASE("ftpd knows its verbs in any case") {
        const Daemon daemon;
        FtpClient client{daemon};
        client.command("user anonymous", 331);
        client.command("PaSs x", 230);
        client.command("nOOp", 200);
    }

    TEST_CASE("each verb that needs a login says 530 without one") {
        const Daemon daemon;
        const Daemon shut{{.lines = {"anonymous no"}}};
        FtpClient client{daemon}, refused{shut};
        for (const ftpd::Verb& verb : ftpd::verb_table()) {
            CAPTURE(verb.name);
            const std::string line = text(verb.name, verb.argument == ftpd::Argument::required ? " x" : "");
            if (verb.login == ftpd::LoginNeed::needed) CHECK(client.code_of(line) == 530);
            if (verb.login != ftpd::LoginNeed::not_needed) CHECK(final_code_of(refused, line) == 530);
        }
    }

    TEST_CASE("each verb says 501 for an argument that is missing or too many") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        for (const ftpd::Verb& verb : ftpd::verb_table()) {
            CAPTURE(verb.name);
            Words wrong;
            if (verb.argument == ftpd::Argument::required) wrong = {text(verb.name), text(verb.name, ' ')};
            if (verb.argument == ftpd::Argument::none) wrong = {text(verb.name, " x")};
            for (const std::string& line : wrong) CHECK(final_code_of(client, line) == 501);
        }
    }

    TEST_CASE("ftpd says 502 for verbs of the standards that it lacks and 500 for what is none") {
        const Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        for (const auto* const known : {"AUTH TLS", "HOST example.org", "LPSV", "PBSZ 0"}) {
            CAPTURE(known);
            CHECK(client.code_of(known) == 502);
        }
        for (const auto* const unknown :
             {"FROBNICATE", "", " ", " NOOP", "NOOP\t", "\x80\xff\xff", "GETT x"}) {
            CAPTURE(unknown);
            CHECK(client.code_of(unknown) == 500);
        }
        // What is sent back is safe for a terminal.
        CHECK(client.command("\x1b[31mRED\x07", 500) ==
              "500 There is no command \\x1b[31MRED\\x07: HELP lists them.");
    }

    TEST_CASE("ten unknown commands before the login end the session and after it they do not") {
        const Daemon daemon;
        FtpClient stranger{daemon};
        for (int i = 0; i < 9; ++i) stranger.command("Host: example.org", 500);
        stranger.command("NOOP", 200);
        stranger.command("Accept: */*", 500);
        stranger.expect(421);
        CHECK(stranger.read_to_end().empty());

        FtpClient client = connect_logged_in(daemon);
        for (int i = 0; i < 20; ++i) client.command("Host: example.org", 500);
        client.command("NOOP", 200);
    }

    TEST_CASE("QUIT says goodbye and closes and what was sent behind it is not done") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        client.send("QUIT\r\nMKD late\r\n");
        client.expect(221);
        client.wait_for_end();
        daemon.wait_until_idle();
        CHECK(e2e::names_in(daemon.files()).empty());
    }

    TEST_CASE("FEAT lists each extension on a line of its own behind one space") {
        const Daemon daemon;
        FtpClient client{daemon};
        CHECK(client.command("FEAT", 211) ==
              "211-Extensions:\n CLNT\n EPRT\n EPSV\n LANG EN*\n MDTM\n "
              "MFMT\n MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;UNIX.owner*;UNIX.group*;\n"
              " PUT\n REST STREAM\n SITE MLSD\n SIZE\n TVFS\n UTF8\n"
              " WRITE\n211 End");
    }

    TEST_CASE("HELP lists every verb of the table and explains each alone") {
        const Daemon daemon;
        FtpClient client{daemon};
        const std::string all = client.command("HELP", 214);
        for (const ftpd::Verb& verb : ftpd::verb_table()) {
            CAPTURE(verb.name);
            CHECK(all.find(text("\n ", verb.name, ' ')) != all.npos);
            const std::string alone = client.command(text("HELP ", verb.name), 214);
            CHECK(alone.starts_with(text("214 ", verb.name)));
            CHECK(alone.ends_with(verb.help));
        }
        CHECK(all.starts_with("214-The commands:\n"));
        client.command("help get", 214);
        client.command("HELP NOSUCH", 501);
    }

    TEST_CASE("ftpd takes the transfer parameters that it can honour and refuses the others with 504") {
        const Daemon daemon;
        FtpClient client{daemon};
        for (const auto* const good :
             {"TYPE A", "TYPE a n", "TYPE I", "TYPE L 8", "MODE S", "STRU f", "OPTS UTF8 ON", "opts utf8 on",
              "OPTS MLST size;", "NOOP", "NOOP with words", "ALLO 0", "ALLO 1000 R 80",
              "ALLO 9223372036854775807"}) {
            CAPTURE(good);
            CHECK(client.code_of(good) == 200);
        }
        for (const auto* const bad :
             {"TYPE E", "TYPE L 7", "TYPE A T", "MODE B", "MODE Z", "STRU R", "STRU P"}) {
            CAPTURE(bad);
            CHECK(client.code_of(bad) == 504);
        }
        for (const auto* const wrong :
             {"OPTS UTF8 OFF", "OPTS", "OPTS MLSTsize;", "ALLO -1", "ALLO x", "ALLO 1 2",
              "ALLO 9223372036854775808", "REST -1", "REST 1.5", "REST 0x10", "REST 99999999999999999999"}) {
            CAPTURE(wrong);
            CHECK(client.code_of(wrong) == 501);
        }
        CHECK(client.command("SYST", 215) == "215 UNIX Type: L8");
        CHECK(client.command("REST 42", 350) == "350 The next transfer starts at byte 42.");
    }
}
