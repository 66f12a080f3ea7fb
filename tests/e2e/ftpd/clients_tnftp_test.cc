// SPDX-License-Identifier: ISC
// tnftp, which is the ftp(1) of the BSDs and of Debian, against ftpd. What it resumes is in
// clients_resume_test.cc, too.
#include "tests/e2e/clients.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using common::text;
using e2e::Daemon;
using e2e::names_in;
using e2e::odd_names;
using e2e::read_file;
using e2e::run_client;
using e2e::run_in;
using e2e::url_of;
using e2e::Words;
using e2e::writable;
using e2e::write_file;
using e2e::write_shared;

namespace {

// A word of a command line with a backslash before each byte that could mean anything.
std::string in_backslashes(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) out += '\\';
        out += c;
    }
    return out;
}

// Runs its commands; throws Failure if the server has refused one.
std::string run_tnftp(const Daemon& daemon, std::string_view commands, const common::Address& server) {
    const std::string out =
        run_in(daemon.folder().path(), {"tnftp", "-inv", server.host(), text(server.port())},
               text("user anonymous guest\nbinary\n", commands, "bye\n"));
    for (const std::string& line : common::split_lines(out))
        if (line.size() > 3 && (line[0] == '4' || line[0] == '5') && line[3] == ' ') throw e2e::Failure{out};
    return out;
}

std::string run_tnftp(const Daemon& daemon, std::string_view commands) {
    return run_tnftp(daemon, commands, daemon.addresses().at(0));
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("tnftp lists and gets and puts and renames and deletes over every kind of data connection") {
        const Daemon daemon{writable()};
        const std::string bytes = e2e::make_bytes(1'000'000);
        write_file(daemon.folder() / "local", bytes);
        for (const common::Address& server : daemon.addresses()) {
            for (const std::string mode : {"", "epsv off\n", "passive off\n", "passive off\nepsv off\n"}) {
                CAPTURE(server.shown());
                CAPTURE(mode);
                if (server.family() == AF_INET6 && mode.find("epsv") != mode.npos) continue; // as it says
                const std::string out = run_tnftp(
                    daemon,
                    text(mode, "put local new\nget new got\nmkdir \"a folder\"\ncd \"a folder\"\npwd\n"
                               "put local inner\nrename inner other\nls\nnlist\ndelete other\ncdup\n"
                               "dir\nrmdir \"a folder\"\n"),
                    server);
                CHECK((read_file(daemon.files() / "new") == bytes));
                CHECK((read_file(daemon.folder() / "got") == bytes));
                CHECK(out.find("Remote directory: /a folder") != std::string::npos);
                CHECK(out.find(" other\n") != std::string::npos);
                CHECK(out.find(" new\n") != std::string::npos);
                CHECK(names_in(daemon.files()) == Words{"new"});
                std::filesystem::remove(daemon.folder() / "got");
                std::filesystem::remove(daemon.files() / "new");
            }
        }
    }

    TEST_CASE("tnftp uses files and folders of odd names") {
        const Daemon daemon{writable()};
        std::string commands;
        for (const std::string& name : odd_names) {
            const std::string word = in_backslashes(name), moved = in_backslashes("of " + name);
            write_file(daemon.folder() / "local", "content");
            commands += text("mkdir ", word, "\ncd ", word, "\nput local ", word, "\nrename ", word, ' ',
                             moved, "\nget ", moved, " got\nsize ", moved, "\nmodtime ", moved, "\ncd ..\n");
        }
        const std::string out = run_tnftp(daemon, commands);
        CHECK(names_in(daemon.files()).size() == odd_names.size());
        for (const std::string& name : odd_names) {
            CAPTURE(name);
            CHECK(read_file(daemon.files() / name / ("of " + name)) == "content");
            CHECK(out.find(text("of ", name, "\t7\n")) != std::string::npos);
        }
    }

    TEST_CASE("tnftp translates text and appends and restarts and knows what is newer") {
        const Daemon daemon{writable()};
        write_shared(daemon.files() / "file", "one\ntwo\n");
        run_client({"touch", "-d", "2001-09-09T01:46:40Z", daemon.files() / "file"});
        write_file(daemon.folder() / "local", "0123456789");
        write_file(daemon.folder() / "begun", "one");
        write_file(daemon.folder() / "old", "x");
        run_client({"touch", "-d", "2001-01-01", daemon.folder() / "old"});
        write_file(daemon.folder() / "young", "x");
        const std::string out = run_tnftp(
            daemon, "modtime file\nsize file\nreget file begun\nput local copy\nappend local copy\n"
                    "restart 15\nput local copy\nnewer file old\nnewer file young\nmlst file\n"
                    "features\nsystem\nchmod 640 copy\numask 027\nput local masked\nremopts utf8 on\n"
                    "site help\nremotehelp stor\nrstatus\nrstatus file\nquote noop\nreset\n");
        CHECK(out.find("file\tSun, 09 Sep 2001 01:46:40 +0000\n") != std::string::npos);
        CHECK(out.find("file\t8\n") != std::string::npos);
        CHECK(read_file(daemon.folder() / "begun") == "one\ntwo\n");
        // RFC 959 counts the marker in the file that is stored; tnftp sends its file from there, too.
        CHECK(read_file(daemon.files() / "copy") == "01234567890123456789");
        CHECK(read_file(daemon.folder() / "old") == "one\ntwo\n");
        CHECK(read_file(daemon.folder() / "young") == "x");
        CHECK(run_client({"stat", "-c", "%a", daemon.files() / "copy"}).out == "640\n");
        CHECK(run_client({"stat", "-c", "%a", daemon.files() / "masked"}).out == "640\n");
        CHECK(out.find(" type=file;size=8;modify=20010909014640;") != std::string::npos);

        write_file(daemon.folder() / "lines", "a\nb\n");
        run_in(daemon.folder().path(), {"tnftp", "-inv", "127.0.0.1", text(daemon.port())},
               "user anonymous guest\nascii\nput lines\nget file text\nget file -\nbye\n");
        CHECK(read_file(daemon.files() / "lines") == "a\nb\n");
        CHECK(read_file(daemon.folder() / "text") == "one\ntwo\n");
    }

    TEST_CASE("tnftp gets and puts and deletes many files by a pattern and fetches and stores by URL") {
        const Daemon daemon{writable()};
        for (const auto* const name : {"one.c", "two.c", "two.h", "say \"hi\".c"})
            write_file(daemon.files() / name, name);
        daemon.folder().make_shared("got");
        run_tnftp(daemon, "lcd got\nmget *.c\nmkdir all\ncd all\nmput *.c\ncd ..\nmdelete *.h\n"
                          "mls one.c two.c listing\nmreget *.c\n");
        CHECK(names_in(daemon.folder() / "got") == Words{"listing", "one.c", "say \"hi\".c", "two.c"});
        CHECK(names_in(daemon.files() / "all") == Words{"one.c", "say \"hi\".c", "two.c"});
        CHECK(read_file(daemon.files() / "all" / "two.c") == "two.c");
        CHECK(names_in(daemon.files()) == Words{"all", "one.c", "say \"hi\".c", "two.c"});

        for (const common::Address& server : daemon.addresses()) {
            run_in(daemon.folder().path(),
                   {"tnftp", "-V", "-o", "by-url", url_of(server, "all/say \"hi\".c")});
            CHECK(read_file(daemon.folder() / "by-url") == "say \"hi\".c");
            run_in(daemon.folder().path(), {"tnftp", "-V", "-u", url_of(server, "all/new"), "by-url"});
            CHECK(read_file(daemon.files() / "all" / "new") == "say \"hi\".c");
        }
    }
}
