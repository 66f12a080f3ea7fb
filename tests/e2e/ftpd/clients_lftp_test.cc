// SPDX-License-Identifier: ISC
// lftp against ftpd: file by file. What it mirrors is in clients_mirror_test.cc, what it resumes in
// clients_resume_test.cc.
#include "tests/e2e/clients.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>

using common::text;
using e2e::Daemon;
using e2e::in_quotes;
using e2e::names_in;
using e2e::odd_names;
using e2e::read_file;
using e2e::run_client;
using e2e::Words;
using e2e::writable;
using e2e::write_file;
using e2e::write_shared;

TEST_SUITE("e2e") {
    TEST_CASE("lftp lists and gets and puts and removes over every kind of data connection") {
        const Daemon daemon{writable()};
        const std::string bytes = e2e::make_bytes(1'000'000);
        write_file(daemon.files() / "file", bytes);
        write_file(daemon.folder() / "local", bytes);
        for (const common::Address& server : daemon.addresses()) {
            for (const std::string mode : {"yes", "no"}) {
                CAPTURE(server.shown());
                CAPTURE(mode);
                const auto lftp = [&](std::string_view commands) {
                    return run_lftp(daemon, text("set ftp:passive-mode ", mode, "; ", commands), server);
                };
                CHECK(lftp("ls").ends_with(" file\n"));
                CHECK(lftp("cls -1") == "file\n");
                CHECK(lftp("nlist") == "file\n");
                CHECK((lftp("cat file") == bytes));
                lftp("put local -o new; mkdir folder; cd folder; put local; pwd; rm local; cd ..");
                CHECK((read_file(daemon.files() / "new") == bytes));
                CHECK(names_in(daemon.files() / "folder").empty());
                lftp("get file -o got; rm new; rm -r folder");
                CHECK((read_file(daemon.folder() / "got") == bytes));
                std::filesystem::remove(daemon.folder() / "got");
                CHECK(names_in(daemon.files()) == Words{"file"});
            }
        }
    }

    TEST_CASE("lftp uses files and folders of odd names") {
        const Daemon daemon{writable()};
        for (const std::string& name : odd_names) {
            CAPTURE(name);
            write_file(daemon.folder() / "local", name);
            const std::string folder = in_quotes("./" + name), file = in_quotes("./in " + name);
            CHECK(run_lftp(daemon, text("mkdir ", folder, "; cd ", folder, "; put local -o ", file, "; cat ",
                                        file, "; cls -1; cd ..; mv ", in_quotes("./" + name + "/in " + name),
                                        " moved; get moved -o ", file, "; rm moved; put local -o ", folder,
                                        in_quotes("/" + name), "; cd ", folder, "; rm ", folder,
                                        "; cd /; rmdir ", folder)) == text(name, "in ", name, '\n'));
            CHECK(read_file(daemon.folder() / ("in " + name)) == name);
            CHECK(names_in(daemon.files()).empty());
        }
    }

    TEST_CASE("lftp keeps times and sets modes and translates text") {
        const Daemon daemon{writable()};
        write_file(daemon.folder() / "local", "one\ntwo\n");
        run_client({"touch", "-d", "2001-09-09T01:46:40Z", daemon.folder() / "local"});
        const auto time_and_mode = [](const e2e::Path& path) {
            return run_client({"stat", "-c", "%Y %a", path}).out;
        };
        run_lftp(daemon, "put local -o by-mfmt; chmod 600 by-mfmt; get by-mfmt");
        CHECK(time_and_mode(daemon.files() / "by-mfmt") == "1000000000 600\n");
        CHECK(run_client({"stat", "-c", "%Y", daemon.folder() / "by-mfmt"}).out == "1000000000\n");
        run_lftp(daemon, "set ftp:use-feat no; put local -o by-utime; chmod 640 by-utime");
        CHECK(time_and_mode(daemon.files() / "by-utime") == "1000000000 640\n");
        run_lftp(daemon, "put -a local -o text; get -a text; cat -a text > sent");
        CHECK(read_file(daemon.files() / "text") == "one\ntwo\n");
        CHECK(read_file(daemon.folder() / "text") == "one\ntwo\n");
        CHECK(read_file(daemon.folder() / "sent") == "one\r\ntwo\r\n");
        run_client({"touch", "-d", "2001-09-09T01:46:40Z", daemon.files() / "text"});
        CHECK(run_lftp(daemon, "cls -l --time-style=%s text").find(" 1000000000 text\n") !=
              std::string::npos);
    }

    TEST_CASE("lftp gets a file in several pieces at once and many files by a pattern") {
        const Daemon daemon{writable()};
        const std::string bytes = e2e::make_bytes(5'000'000);
        write_file(daemon.files() / "large", bytes);
        run_lftp(daemon, "pget -n 5 large -o pieces"); // breaks transfers off where another piece begins
        CHECK((read_file(daemon.folder() / "pieces") == bytes));
        daemon.folder().make_shared("got");
        daemon.folder().make_shared("put");
        for (int i = 0; i < 20; ++i) {
            write_file(daemon.files() / text(i, ".c"), text(i));
            write_file(daemon.files() / text(i, ".h"), "x");
        }
        run_lftp(daemon, "mget -O got *.c; cd /; mkdir all; mput -O all got/*; mrm *.h");
        CHECK(names_in(daemon.folder() / "got").size() == 20);
        CHECK(names_in(daemon.files()).size() == 22); // with `large' and `all'
        e2e::check_same_tree(daemon.folder() / "got", daemon.files() / "all");
    }

    TEST_CASE("lftp has its own commands for what else a server can do") {
        const Daemon daemon{writable()};
        write_shared(daemon.files() / "file", "content");
        CHECK(run_lftp(daemon, "quote SITE CKSUM file").find(e2e::cksum_of("content")) != std::string::npos);
        CHECK(run_lftp(daemon, "site help").find("SITE CHMOD") != std::string::npos);
        CHECK(run_lftp(daemon, "quote STAT file").find(" file") != std::string::npos);
        CHECK(run_lftp(daemon, "find").find("./file\n") != std::string::npos);
        CHECK(run_lftp(daemon, "du -b").find("7\t.\n") != std::string::npos);
        // Several commands sent without waiting for the answer to the first.
        CHECK(run_lftp(daemon, "set ftp:sync-mode no; cat file; cat file; mv file new; cat new") ==
              "contentcontentcontent");
        CHECK(names_in(daemon.files()) == Words{"new"});
    }

    TEST_CASE("lftp does not try again what is refused for good") {
        const Daemon daemon;
        write_file(daemon.files() / "file", "content");
        write_file(daemon.folder() / "local", "x");
        for (const std::string command : {"get missing", "put local", "rm file", "mkdir folder",
                                          "mv file new", "cd missing", "chmod 600 file"}) {
            CAPTURE(command);
            const e2e::Result result = try_lftp(daemon, command);
            CHECK(result.status == 1);
            CHECK(result.err.find("550 ") != std::string::npos);
        }
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("a line end in a name that lftp cuts there makes no file of another name") {
        // It sends `STOR line', a bare LF, and nothing more: half a command in a session whose lines end in
        // CR LF.
        const Daemon daemon{writable()};
        const e2e::Path folder = daemon.folder().make_shared("local");
        write_file(folder / "line\nend", "content");
        CHECK(try_lftp(daemon, "set net:timeout 1; set net:reconnect-interval-base 1; mirror -R local up")
                  .status != 0);
        CHECK(names_in(daemon.files() / "up").empty());
    }
}
