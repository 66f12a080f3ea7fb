// SPDX-License-Identifier: ISC
// wget against ftpd. What it resumes is in clients_resume_test.cc.
#include "tests/e2e/clients.hh"

#include <doctest/doctest.h>

using e2e::Daemon;
using e2e::odd_names;
using e2e::Path;
using e2e::read_file;
using e2e::run_client;
using e2e::run_in;
using e2e::try_in;
using e2e::url_of;
using e2e::Words;
using e2e::write_file;

namespace {

std::string run_wget(const Daemon& daemon, const Words& options) {
    Words command{"wget", "-nv", "--tries=1", "--timeout=60"};
    command.insert(command.end(), options.begin(), options.end());
    return run_in(daemon.folder().path(), command);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("wget gets files over every kind of data connection and knows text from bytes") {
        const Daemon daemon{e2e::writable()};
        const std::string bytes = e2e::make_bytes(1'000'000);
        write_file(daemon.files() / "file", bytes);
        const Path got = daemon.folder() / "file";
        for (const common::Address& server : daemon.addresses()) {
            for (const std::string mode : {"--passive-ftp", "--no-passive-ftp"}) {
                CAPTURE(server.shown());
                CAPTURE(mode);
                run_wget(daemon, {mode, url_of(server, "file")});
                CHECK((read_file(got) == bytes));
                std::filesystem::remove(got);
            }
        }
        CHECK(try_in(daemon.folder().path(), {"wget", "-q", url_of(daemon, "missing")}).status == 8);
        run_wget(daemon, {"--spider", url_of(daemon, "file")});
        CHECK(!std::filesystem::exists(got));
        run_wget(daemon, {"-O", "text", url_of(daemon, "file") + ";type=a"});
        CHECK(read_file(daemon.folder() / "text").size() > bytes.size()); // each LF is CR LF
    }

    TEST_CASE("wget gets files of odd names and whole trees and by a pattern and only what is newer") {
        const Daemon daemon{e2e::writable()};
        const Path top = daemon.files() / "top";
        for (const std::string& name : odd_names) {
            CAPTURE(name);
            std::filesystem::create_directories(top / name);
            write_file(top / name / name, "content of " + name);
            run_wget(daemon, {"-O", "got", url_of(daemon, "top/" + name + "/" + name)});
            CHECK(read_file(daemon.folder() / "got") == "content of " + name);
        }
        // wget drops blanks in front of a name that it reads from a listing, and takes a name for one that
        // holds %XX.
        std::filesystem::remove_all(top / "  leading");
        std::filesystem::remove_all(top / "100%41");
        run_wget(daemon, {"-r", "-nH", url_of(daemon, "top/")});
        CHECK(run_client({"diff", "-r", top, daemon.folder() / "top"}).out.empty());

        write_file(top / "one.c", "1");
        write_file(top / "two.c", "2");
        write_file(top / "two.h", "3");
        run_wget(daemon, {"-P", "some", url_of(daemon, "top/") + "*.c"});
        CHECK(e2e::names_in(daemon.folder() / "some") == Words{"one.c", "two.c"});
        write_file(top / "one.c", "longer");
        write_file(top / "new.c", "4");
        run_client({"touch", "-d", "2001-09-09T00:00:00Z", top / "new.c"});
        run_wget(daemon, {"-N", "-P", "some", url_of(daemon, "top/") + "*.c"});
        CHECK(read_file(daemon.folder() / "some" / "one.c") == "longer");
        CHECK(run_client({"date", "-u", "-r", daemon.folder() / "some" / "new.c", "+%F"}).out ==
              "2001-09-09\n");
    }
}
