// SPDX-License-Identifier: ISC
// ncftp, with its companions ncftpget, ncftpput and ncftpls, against ftpd. What they resume is in
// clients_resume_test.cc.
#include "tests/e2e/clients.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>

using common::text;
using e2e::Daemon;
using e2e::names_in;
using e2e::odd_names;
using e2e::Path;
using e2e::read_file;
using e2e::run_client;
using e2e::run_in;
using e2e::url_of;
using e2e::Words;
using e2e::writable;
using e2e::write_file;
using e2e::write_shared;

namespace {

// A companion, with the daemon's port.
std::string run_companion(const Daemon& daemon, const std::string& program, const Words& words) {
    Words command{program, "-P", text(daemon.port()), "-t", "60"};
    if (program != "ncftpls") command.emplace_back("-V"); // no progress on the terminal
    command.insert(command.end(), words.begin(), words.end());
    return run_in(daemon.folder().path(), command);
}

std::string run_ncftp(const Daemon& daemon, const std::string& commands) {
    return run_in(daemon.folder().path(), {"ncftp"},
                  text("set progress-meter 0\nopen -P ", daemon.port(), " 127.0.0.1\n", commands, "bye\n"));
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("ncftp lists and gets and puts and makes and renames and removes") {
        const Daemon daemon{writable()};
        const std::string bytes = e2e::make_bytes(1'000'000);
        write_file(daemon.folder() / "local", bytes);
        for (const std::string passive : {"on", "off"}) {
            CAPTURE(passive);
            const std::string out = run_ncftp(
                daemon, text("set passive ", passive,
                             "\nput local\nrename local new\nget new\nmkdir \"a folder\"\ncd \"a folder\"\n"
                             "put -z local inner\nls -l\npwd\ncd ..\nls\nchmod 600 new\nsite help\n"));
            CHECK((read_file(daemon.files() / "new") == bytes));
            CHECK((read_file(daemon.folder() / "new") == bytes));
            CHECK((read_file(daemon.files() / "a folder" / "inner") == bytes));
            CHECK(out.find("  inner\n") != std::string::npos);
            CHECK(out.find("a folder/") != std::string::npos);
            CHECK(out.find("SITE CHMOD") != std::string::npos);
            CHECK(run_client({"stat", "-c", "%a", daemon.files() / "new"}).out == "600\n");
            CHECK(
                std::filesystem::exists(Path{std::getenv("NCFTPDIR")} / "history")); // not in our user's home
            run_ncftp(daemon, "rm new\nrm \"a folder/inner\"\nrmdir \"a folder\"\n");
            CHECK(names_in(daemon.files()).empty());
            std::filesystem::remove(daemon.folder() / "new");
        }
    }

    TEST_CASE("ncftp gets by a pattern and text and whole trees") {
        const Daemon daemon{writable()};
        for (const auto* const name : {"one.c", "two.c", "two.h"})
            write_shared(daemon.files() / name, "a\nb\n");
        run_ncftp(daemon, "ascii\nget *.c\n");
        CHECK(read_file(daemon.folder() / "one.c") == "a\nb\n");
        CHECK(read_file(daemon.folder() / "two.c") == "a\nb\n");
        CHECK(!std::filesystem::exists(daemon.folder() / "two.h"));
        run_companion(daemon, "ncftpput", {"-a", "-E", "127.0.0.1", "/", "one.c"});
        CHECK(read_file(daemon.files() / "one.c") == "a\nb\n");

        e2e::plant_odd_tree(daemon.folder() / "tree", 100);
        for (const auto* const folder : {"100%41", "a name with blanks", "hash#tag"})
            std::filesystem::remove(daemon.folder() / "tree" / folder / "inner #1" /
                                    "..."); // not got by ncftp
        run_companion(daemon, "ncftpput", {"-R", "-m", "127.0.0.1", "/up", "tree"});
        e2e::check_same_tree(daemon.folder() / "tree", daemon.files() / "up" / "tree");
        run_companion(daemon, "ncftpget", {"-R", "-T", "127.0.0.1", "back", "/up/tree"});
        e2e::check_same_tree(daemon.folder() / "tree", daemon.folder() / "back" / "tree");
    }

    TEST_CASE("ncftp's companions get and put and list files of odd names") {
        const Daemon daemon{writable()};
        const Path got = daemon.folder() / "got";
        for (const std::string& name : odd_names) {
            CAPTURE(name);
            write_file(daemon.folder() / "local", "content of " + name);
            run_companion(daemon, "ncftpput", {"-C", "127.0.0.1", "local", "/" + name});
            CHECK(read_file(daemon.files() / name) == "content of " + name);
            run_companion(daemon, "ncftpget", {"-E", "-C", "127.0.0.1", "/" + name, "got"});
            CHECK(read_file(got) == "content of " + name);
            std::filesystem::remove(got); // or it would be resumed
        }
        write_file(daemon.folder() / "local", " and more");
        run_companion(daemon, "ncftpput", {"-A", "-C", "127.0.0.1", "local", "/it's"});
        CHECK(read_file(daemon.files() / "it's") == "content of it's and more");
        CHECK(common::split_lines(run_companion(daemon, "ncftpls", {"-1", url_of(daemon, "")})) ==
              names_in(daemon.files()));
        // To a temporary name first, with a rename behind it.
        run_companion(daemon, "ncftpput", {"-S", ".tmp", "127.0.0.1", "/", "local"});
        CHECK(read_file(daemon.files() / "local") == " and more");
        CHECK(!std::filesystem::exists(daemon.files() / "local.tmp"));
    }
}
