// SPDX-License-Identifier: ISC
// Verbs about the session that move nothing: REIN ACCT SMNT CLNT LANG, OPTS MLST, the X forms, and LIST's
// patterns.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;

TEST_SUITE("e2e") {
    TEST_CASE("REIN puts everything back to the beginning and the connection stays") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        client.command("MKD folder", 257);
        client.command("CWD folder", 250);
        client.command("OPTS MLST size;", 200);
        client.command("EPSV ALL", 200);
        client.command("EPSV", 229);
        client.command("REST 10", 350);
        client.command("RNFR /folder", 350);
        client.command("REIN", 220);
        client.command("PWD", 530);
        client.command("PASS x", 503);
        client.login();
        client.command("RNTO /other", 503);
        CHECK(client.command("PWD", 257).starts_with("257 \"/\""));
        client.command("RETR x", 550);
        client.command("NLST", 425);
        client.command("PASV", 227);
        CHECK(client.command("FEAT", 211).find("type*;size*;") != std::string::npos);
        client.command("REIN now", 501);
    }

    TEST_CASE("ACCT and SMNT are superfluous and CLNT is taken note of") {
        const Daemon daemon{{.options = {"-v"}}};
        FtpClient client{daemon};
        client.command("ACCT", 501);
        client.command("SMNT", 501);
        client.command("CLNT", 501);
        client.command("ACCT money", 202);
        client.command("SMNT /mnt", 202);
        client.command("CLNT some \x1b[31m client 1.0", 200);
        daemon.wait_for_log("client some \\x1b[31m client 1.0");
    }

    TEST_CASE("blanks behind words are none of them and CRs before a line's end are part of it") {
        const Daemon daemon;
        write_file(daemon.files() / "file", "12345");
        FtpClient client = connect_logged_in(daemon);
        const std::pair<const char*, int> lines[] = {
            {"TYPE A ", 200},    {"TYPE I ", 200},    {"TYPE A N ", 200},     {"TYPE I\r", 200},
            {"TYPE L 8\t", 200}, {"MODE S ", 200},    {"STRU F ", 200},       {"ALLO 12 ", 200},
            {"REST 0 ", 350},    {"LANG EN ", 200},   {"OPTS UTF8 ON ", 200}, {"PWD  ", 257},
            {"NOOP\r", 200},     {"HELP RETR ", 214}, {"SIZE file\r", 213},   {"EPSV \r", 229},
            {"PASV\r\r", 227},   {"TYPE  I", 504},    {"REST 1 2", 501},      {"SIZE file ", 550}};
        for (const auto& pair : lines) {
            CAPTURE(pair.first);
            CHECK(client.code_of(pair.first) == pair.second);
        }
    }

    TEST_CASE("LANG speaks English and says so") {
        const Daemon daemon;
        FtpClient client{daemon};
        for (const char* const good : {"LANG", "LANG EN", "lang en", "LANG en-GB"}) client.command(good, 200);
        for (const char* const other : {"LANG zh", "LANG FR", "LANG -", "LANG english"})
            client.command(other, 504);
    }

    TEST_CASE("OPTS MLST chooses the facts of MLST and MLSD and FEAT shows which are on") {
        const Daemon daemon;
        write_file(daemon.files() / "file", "12345");
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.command("OPTS MLST type;SIZE;bogus;", 200) == "200 MLST OPTS type;size;");
        CHECK(client.command("MLST file", 250) == "250-Facts:\n type=file;size=5; /file\n250 End");
        CHECK(client.fetch("MLSD") == "type=file;size=5; file\r\n");
        CHECK(client.command("FEAT", 211)
                  .find("\n MLST type*;size*;modify;perm;unique;UNIX.mode;"
                        "UNIX.owner;UNIX.group;\n") != std::string::npos);
        CHECK(client.command("OPTS MLST", 200) == "200 MLST OPTS");
        CHECK(client.command("MLST file", 250) == "250-Facts:\n  /file\n250 End");
        CHECK(client.fetch("MLSD") == " file\r\n");
        CHECK(client.command("opts mlst unix.mode; ", 200) == "200 MLST OPTS UNIX.mode;");
        for (const char* const wrong : {"OPTS MLST type ;", "OPTS MLST type; size;", "OPTS MLST \xc3\xa4;"})
            client.command(wrong, 501);
        CHECK(client.command("MLST file", 250).find(" UNIX.mode=0") != std::string::npos); // as before
        CHECK(connect_logged_in(daemon).fetch("MLSD").find("type=file;size=5;modify=") == 0);
    }

    TEST_CASE("the X forms are the verbs they stand for") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        client.command("XMKD folder", 257);
        client.command("XMKD folder", 550);
        client.command("XCWD folder", 250);
        CHECK(client.command("XPWD", 257).starts_with("257 \"/folder\""));
        client.command("XCUP", 250);
        CHECK(client.command("XPWD", 257).starts_with("257 \"/\""));
        client.command("XRMD folder", 250);
        client.command("XCWD folder", 550);
        client.command("XRMD folder", 550);
        for (const char* const line : {"XCWD", "XMKD", "XRMD", "XPWD x", "XCUP x"}) client.command(line, 501);
        FtpClient stranger{daemon};
        for (const char* const line : {"XCWD /", "XMKD x", "XRMD x", "XPWD", "XCUP"})
            stranger.command(line, 530);
    }

    TEST_CASE("a pattern lists what matches it unless a folder has that very name") {
        const Daemon daemon;
        const Path folder = daemon.files() / "folder";
        std::filesystem::create_directory(folder);
        for (const char* const name : {"a.txt", "b.txt", "c.bin", ".hidden.txt", ".ftpd-d.txt"})
            write_file(folder / name, "");
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.fetch("NLST folder/*.txt") == "folder/a.txt\r\nfolder/b.txt\r\n");
        CHECK(client.fetch("NLST folder/.*.txt") == "folder/.hidden.txt\r\n");
        CHECK(client.fetch("NLST folder/*.zip").empty());
        client.command("CWD folder", 250);
        CHECK(client.fetch("NLST ?.[bt]*") == "a.txt\r\nb.txt\r\nc.bin\r\n");
        CHECK(client.fetch("LIST -la c*").find(" c.bin\r\n") != std::string::npos);
        CHECK(client.command("LS [ab]*", 213).ends_with("\n213 2 entries"));
        CHECK(client.command("STAT *.bin", 213).ends_with("\n213 1 entry"));
        write_file(folder / "*.txt", "");
        CHECK(client.fetch("NLST *.txt") == "*.txt\r\na.txt\r\nb.txt\r\n");
        client.open_data();
        client.command("NLST a*b*c*d*", 501);
        client.command("NLST missing/*", 550);
        client.command("MLSD *", 550); // RFC 3659, section 2.2.2: names only
        client.command("RETR *.bin", 550);
    }
}
