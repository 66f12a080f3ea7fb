// SPDX-License-Identifier: ISC
// Verbs that look at the tree or change it: PWD CWD CDUP SIZE MDTM MLST DELE MKD RMD, and who may use which.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/formats.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

using common::checked;
using common::text;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::Path;
using e2e::write_file;
using e2e::write_shared;
using namespace std::string_literals;

namespace {

void make_folder(const Path& path) {
    std::filesystem::create_directory(path);
    checked("chmod", path.native(), [&] { return ::chmod(path.c_str(), 0777); });
}

struct stat status_of(const Path& path) {
    struct stat status {};
    checked("stat", path.native(), [&] { return ::stat(path.c_str(), &status); });
    return status;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("the working directory moves by relative and absolute paths and never above the top") {
        const Daemon daemon;
        make_folder(daemon.files() / "a");
        make_folder(daemon.files() / "a" / "b");
        write_file(daemon.files() / "file", "x");
        FtpClient client = connect_logged_in(daemon);
        const auto where = [&] { return client.command("PWD", 257); };
        CHECK(where() == "257 \"/\" is where you are.");
        client.command("CWD a", 250);
        client.command("CWD b", 250);
        CHECK(where() == "257 \"/a/b\" is where you are.");
        client.command("CDUP", 250);
        CHECK(where() == "257 \"/a\" is where you are.");
        client.command("CWD ../../../..", 250);
        client.command("CDUP", 250);
        CHECK(where() == "257 \"/\" is where you are.");
        client.command("CWD /a//./b/", 250);
        CHECK(where() == "257 \"/a/b\" is where you are.");
        client.command("CWD missing", 550);
        client.command("CWD /file", 550);
        client.command("CWD /file/below", 550);
        client.command("CWD .ftpd-x", 553);
        CHECK(where() == "257 \"/a/b\" is where you are.");
        std::filesystem::remove(daemon.files() / "a" / "b");
        client.command("SIZE x", 550);
        client.command("CDUP", 250);
    }

    TEST_CASE("257 doubles the quotes in a path and 250 escapes what a terminal must not see") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.command("MKD say \"hi\"", 257) == "257 \"/say \"\"hi\"\"\" is made.");
        client.command("CWD say \"hi\"", 250);
        CHECK(client.command("PWD", 257) == "257 \"/say \"\"hi\"\"\" is where you are.");
        client.command("MKD \x1b[2J", 257);
        CHECK(client.command("RMD \x1b[2J", 250).find('\x1b') == std::string::npos);
    }

    TEST_CASE("a line end in a name is a question mark in every reply and a byte 0xff is doubled") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        client.send("MKD a\r\0b\xff\xff\r\n"s);
        const std::string expected = "257 \"/a?b\xff\xff\" is made.\r\n"s;
        CHECK(client.read_exactly(expected.size()) == expected);
        CHECK(std::filesystem::is_directory(daemon.files() / "a\rb\xff"));
        const std::string forged = "x\n226 done\r";
        const auto send = [&](std::string_view verb, std::string_view rest = {}) {
            client.send(text(verb, forged, "\0"s, rest, "\r\n"));
            const e2e::Reply reply = client.read_reply();
            CHECK(reply.text.find("226 done\r") == reply.text.npos);
            CHECK(reply.text.find("\n226") == reply.text.npos);
            return reply.text;
        };
        CHECK(send("MKD ") == "257 \"/x?226 done?\" is made.");
        send("CWD ");
        CHECK(client.command("PWD", 257) == "257 \"/x?226 done?\" is where you are.");
        CHECK(client.command("MLST", 250).ends_with("; /x?226 done?\n250 End"));
        CHECK(client.command("STAT", 211).find("\n226") == std::string::npos);
        client.command("CDUP", 250);
        CHECK(send("MFMT 20010909014640 ") == "213 Modify=20010909014640; x?226 done?");
        for (const auto* const verb :
             {"SIZE ", "MDTM ", "DELE ", "RETR ", "GET ", "SITE CKSUM ", "RNFR ", "HELP ", "LIST ", "STAT ",
              "LS ", "SITE MLSD ", "MLST ", "SITE CHMOD 755 ", "NOSUCH ", "OPTS ", "RMD "})
            send(verb);
        CHECK(e2e::names_in(daemon.files()) == e2e::Words{"a\rb\xff"});
    }

    TEST_CASE("spaces in front of a name and behind it belong to the name") {
        const Daemon daemon;
        write_file(daemon.files() / " x ", "four");
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.command("SIZE  x ", 213) == "213 4");
        client.command("SIZE x", 550);
    }

    TEST_CASE("SIZE and MDTM tell of regular files only and SIZE in type I only") {
        const Daemon daemon;
        write_file(daemon.files() / "file", "12345");
        make_folder(daemon.files() / "folder");
        std::filesystem::create_symlink("file", daemon.files() / "link");
        ::mkfifo((daemon.files() / "fifo").c_str(), 0666);
        const timespec times[] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
        ::utimensat(AT_FDCWD, (daemon.files() / "file").c_str(), times, 0);
        FtpClient client = connect_logged_in(daemon);
        for (const auto* const name : {"file", "/file", "folder/../file", "link"}) {
            CHECK(client.command(text("SIZE ", name), 213) == "213 5");
            CHECK(client.command(text("MDTM ", name), 213) == "213 20010909014640");
        }
        for (const auto* const name : {"folder", "missing", "fifo", "/", "file/x"}) {
            client.command(text("SIZE ", name), 550);
            client.command(text("MDTM ", name), 550);
        }
        client.command("SIZE .ftpd-file", 553);
        client.command("TYPE A", 200);
        client.command("SIZE file", 550);
        client.command("MDTM file", 213);
    }

    TEST_CASE("MLST states the facts of a file or a directory exactly and its path in full") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        write_shared(daemon.files() / "file", "12345");
        make_folder(daemon.files() / "folder");
        FtpClient client = connect_logged_in(daemon);
        const auto facts = [&](const Path& path, std::string_view kind, std::string_view perm) {
            const struct stat s = status_of(path);
            char unique[64];
            std::snprintf(unique, sizeof unique, "%jxg%jx", static_cast<uintmax_t>(s.st_dev),
                          static_cast<uintmax_t>(s.st_ino));
            char mode[16];
            std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(s.st_mode & 07777));
            return text("250-Facts:\n ", kind, "modify=", ftpd::format_timestamp(s.st_mtime), ";perm=", perm,
                        ";unique=", unique, ";UNIX.mode=", mode, ";UNIX.owner=", s.st_uid,
                        ";UNIX.group=", s.st_gid, "; ");
        };
        CHECK(client.command("MLST file", 250) ==
              facts(daemon.files() / "file", "type=file;size=5;", "dfarw") + "/file\n250 End");
        const std::string top = facts(daemon.files(), "type=dir;", "ecdpflm") + "/\n250 End";
        CHECK(client.command("MLST", 250) == top);
        client.command("CWD folder", 250);
        CHECK(client.command("MLST", 250) ==
              facts(daemon.files() / "folder", "type=dir;", "ecdpflm") + "/folder\n250 End");
        client.command("MLST missing", 550);
        client.command("MLST .ftpd-file", 553);
    }

    TEST_CASE("the facts grant no more than the rights of the client") {
        const Daemon daemon;
        write_shared(daemon.files() / "file", "12345");
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.command("MLST file", 250).find(";perm=r;") != std::string::npos);
        CHECK(client.command("MLST /", 250).find(";perm=el;") != std::string::npos);
    }

    TEST_CASE("MKD and RMD and DELE make and remove what their names say and nothing else") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        client.command("MKD a", 257);
        CHECK(client.command("MKD /a/b", 257) == "257 \"/a/b\" is made.");
        client.command("MKD a", 550);
        client.command("MKD missing/b", 550);
        client.command("MKD /", 550);
        client.command("MKD .ftpd-a", 553);
        client.command("MKD .ftpd-/a", 553);
        client.command("RMD a", 550); // is not empty
        client.command("DELE a/b", 550);
        client.command("RMD a/b", 250);
        client.command("RMD a/b", 550);
        client.command("RMD /", 550);
        client.command("RMD .ftpd-a", 553);
        write_file(daemon.files() / "file", "x");
        std::filesystem::create_symlink("file", daemon.files() / "link");
        client.command("RMD file", 550);
        client.command("DELE link", 250);
        CHECK(std::filesystem::exists(daemon.files() / "file"));
        client.command("DELE file", 250);
        client.command("DELE file", 550);
        client.command("DELE /", 550);
        client.command("DELE .ftpd-file", 553);
        CHECK(e2e::names_in(daemon.files()) == e2e::Words{"a"});
    }

    TEST_CASE("each kind of anonymous access allows what it says and refuses the rest with 550") {
        const struct {
            const char* access;
            const char* allowed; // of "lrcodm": list, read, create, overwrite, delete, make a directory
        } cases[] = {{"read", "lr"}, {"write", "lrcodm"}, {"upload-only", "c"}, {"no", ""}};
        for (const auto& wanted : cases) { // clang++ 14 captures no structured binding
            const char *access = wanted.access, *allowed = wanted.allowed;
            CAPTURE(access);
            const Daemon daemon{{.lines = {text("anonymous ", access)}}};
            write_shared(daemon.files() / "old", "12345");
            write_shared(daemon.files() / "doomed", "12345");
            FtpClient client{daemon};
            const bool is_open = access != std::string_view{"no"};
            if (is_open) client.login();
            const auto check = [&](char action, std::string_view line, int success) {
                CAPTURE(line);
                const bool may = std::string_view{allowed}.find(action) != std::string_view::npos;
                CHECK(client.code_of(line) == (may ? success : is_open ? 550 : 530));
            };
            check('l', "MLST old", 250);
            check('l', "LS old", 213);
            check('l', "SITE LS old", 213);
            // Without a data connection: 425 is as far as a client with the right gets.
            for (const auto* const line : {"LIST", "NLST", "MLSD"}) check('l', line, 425);
            check('r', "RETR old", 425);
            check('m', "MKD folder", 257);
            check('d', "RMD folder", 250);
            check('d', "DELE doomed", 250);
            for (const char action : {'c', 'o'}) {
                const std::string name = action == 'c' ? "new" : "old";
                const bool may = std::string_view{allowed}.find(action) != std::string_view::npos;
                client.put(name, "other", may ? 226 : is_open ? 550 : 530);
                CHECK(client.code_of("NOOP") == 200);
                CHECK(std::filesystem::exists(daemon.files() / name) == (action == 'o' || may));
                if (action == 'o') CHECK(e2e::read_file(daemon.files() / name) == (may ? "other" : "12345"));
            }
            client.send("GET old\r\n");
            const int code = client.read_reply().code;
            CHECK(code == (allowed[0] == 'l' ? 150 : is_open ? 550 : 530));
        }
    }
}
