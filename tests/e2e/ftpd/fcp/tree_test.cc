// SPDX-License-Identifier: ISC
// fcp -r both ways: whole trees, odd names, what cannot be copied, and what -p keeps.
#include "tests/e2e/clients.hh"
#include "tests/e2e/ftpd/fcp/fcp_place.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace e2e;
namespace fs = std::filesystem;

namespace {

// Somebody who may read a file of mode 0 cannot test that it cannot be read.
bool reads_everything() { return ::geteuid() == 0; }

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("fcp -r copies a tree of odd names both ways") {
        const Place place;
        const Path tree = place.local / "tree";
        plant_odd_tree(tree, 100);
        write_file(tree / "line\nend\r\xff", "odd");
        CHECK(is_silent_success(place.fcp({"-r", tree, "127.0.0.1:up"})));
        check_same_bytes(tree, place.served("up"));
        CHECK(is_silent_success(place.fcp({"-r", "127.0.0.1:up", place.local / "back"})));
        check_same_bytes(tree, place.local / "back");
    }

    TEST_CASE("fcp -r copies into a folder that is there and as one that is not") {
        const Place place;
        fs::create_directories(place.local / "a/b/empty");
        write_file(place.local / "a/b/x", "x");
        const std::string a = place.local / "a";
        CHECK(is_silent_success(place.fcp({"-r", a, "127.0.0.1:new/"})));
        CHECK(is_silent_success(place.fcp({"-r", a, a + "/b", "127.0.0.1:new"})));
        CHECK(names_in(place.served("new")) == Words{"a", "b"});
        CHECK(read_file(place.served("new/a/b/x")) == "x");
        CHECK(fs::is_directory(place.served("new/b/empty")));
        CHECK(is_silent_success(place.fcp({"-r", a + "/.", "127.0.0.1:"})));
        CHECK(read_file(place.served("b/x")) == "x");

        const std::string back = place.local / "back";
        CHECK(is_silent_success(place.fcp({"-r", "127.0.0.1:new/a", back})));
        CHECK(is_silent_success(place.fcp({"-r", "127.0.0.1:/new/b/", "127.0.0.1:b/x", back})));
        CHECK(names_in(back) == Words{"b", "x"});
        CHECK(names_in(back + "/b") == Words{"empty", "x"});
        CHECK(is_silent_success(place.fcp({"-r", "127.0.0.1:", place.local / "all"})));
        CHECK(names_in(place.local / "all") == Words{"b", "new"});
    }

    TEST_CASE("fcp -rp keeps times and permissions of files and folders both ways") {
        const Place place;
        const Path tree = place.local / "tree";
        fs::create_directories(tree / "sub");
        write_file(tree / "sub/x", "x");
        const auto mark = [](const Path& path, mode_t mode, time_t when) {
            CHECK(::chmod(path.c_str(), mode) == 0);
            set_time(path, when);
        };
        mark(tree / "sub/x", 0640, 1'000'000'001);
        mark(tree / "sub", 0750, 1'000'000'002);
        mark(tree, 0711, 1'000'000'003);
        CHECK(is_silent_success(place.fcp({"-rp", tree, "127.0.0.1:up"})));
        CHECK(is_silent_success(place.fcp({"-rp", "127.0.0.1:up", place.local / "back"})));
        for (const Path& top : {place.served("up"), place.local / "back"}) {
            CHECK(mode_of(top / "sub/x") == 0640);
            CHECK(mode_of(top / "sub") == 0750);
            CHECK(mode_of(top) == 0711);
            CHECK(time_of(top / "sub/x") == 1'000'000'001);
            CHECK(time_of(top / "sub") == 1'000'000'002);
            CHECK(time_of(top) == 1'000'000'003);
        }
        CHECK(is_silent_success(place.fcp({"127.0.0.1:up/sub/x", place.local / "plain"})));
        CHECK(time_of(place.local / "plain") > 1'000'000'003);
        CHECK(is_silent_success(place.fcp({"-p", "127.0.0.1:up/sub/x", place.local / "kept"})));
        CHECK(time_of(place.local / "kept") == 1'000'000'001);
    }

    TEST_CASE("what cannot be copied of a tree has a line each and the rest is copied") {
        const Place place;
        const Path tree = place.local / "tree";
        fs::create_directories(tree / "sub");
        write_file(tree / "a", "a");
        write_file(tree / "sub/z", "z");
        fs::create_symlink(".", tree / "circle");
        fs::create_symlink("nowhere", tree / "broken");
        REQUIRE(::mkfifo((tree / "fifo").c_str(), 0600) == 0);
        write_file(tree / ".ftpd-x", "reserved");
        if (!reads_everything()) {
            write_file(tree / "secret", "s");
            ::chmod((tree / "secret").c_str(), 0);
        }
        const Result sent = place.fcp({"-r", tree, "127.0.0.1:up"});
        CHECK(sent.status == 1);
        const std::string at = "fcp: " + tree.string();
        const auto says = [](const Result& result, const std::string& words) {
            INFO(result.err);
            CHECK(result.err.find(words) != std::string::npos);
        };
        says(sent, at + "/broken: No such file or directory\n");
        says(sent, at + "/circle: leads back to a folder that contains it: skipped\n");
        says(sent, at + "/fifo: is neither a file nor a folder: left out\n");
        says(sent, "fcp: 127.0.0.1:up/.ftpd-x: Names that begin with .ftpd- are reserved for the server.\n");
        if (!reads_everything()) says(sent, "secret: Permission denied\n");
        CHECK(names_in(place.served("up")) == Words{"a", "sub"});
        CHECK(read_file(place.served("up/sub/z")) == "z");

        fs::create_symlink("..", place.served("up/sub/circle"));
        REQUIRE(::mkfifo(place.served("up/fifo").c_str(), 0600) == 0);
        const Path back = place.local / "back";
        fs::create_directories(back / "sub/z"); // in the way
        const Result got = place.fcp({"-r", "127.0.0.1:up/.", back});
        CHECK(got.status == 1);
        says(got, "fcp: 127.0.0.1:up/./fifo: is neither a file nor a folder: left out\n");
        says(got, "fcp: 127.0.0.1:up/./sub/circle: is neither a file nor a folder: left out\n");
        says(got, "fcp: 127.0.0.1:up/./sub/z: replace " + (back / "sub/z").string() + ": Is a directory\n");
        CHECK(names_in(back) == Words{"a", "sub"});
    }

    TEST_CASE("a folder that cannot be made is told once and not for each file in it") {
        const Place place{"upload-only"};
        const Path tree = place.local / "tree";
        fs::create_directories(tree / "sub");
        for (int file = 0; file < 200; ++file) write_file(tree / "sub" / std::to_string(file), "x");
        const Result sent = place.fcp({"-r", tree, "127.0.0.1:up"});
        CHECK(sent.status == 1);
        CHECK(sent.err == "fcp: 127.0.0.1:up: You may not use MKD here.\n");
    }

    TEST_CASE("files that the server refuses in midst of a tree do not hold up the others") {
        const Place place{"upload-only"};
        const Path tree = place.local.make_shared("tree");
        Words expected;
        for (int file = 100; file < 400; ++file) {
            write_file(tree / std::to_string(file), make_bytes(file % 7 == 0 ? 300'000 : 10));
            if (file % 50 == 0) write_file(place.served(std::to_string(file)), "old");
            expected.push_back(std::to_string(file));
        }
        const Result sent = place.fcp({"-r", (tree / ".").string(), "127.0.0.1:"});
        CHECK(sent.status == 1);
        CHECK(std::count(sent.err.begin(), sent.err.end(), '\n') == 6);
        CHECK(sent.err.starts_with("fcp: 127.0.0.1:100: /100 exists already"));
        CHECK(names_in(place.daemon.files()) == expected);
        CHECK(read_file(place.served("100")) == "old");
        CHECK(fs::file_size(place.served("399")) == 300'000);
    }

    TEST_CASE("Ctrl-C in midst of a tree leaves whole files and nothing else") {
        const Place place;
        const Path from = place.make_served("from");
        for (int file = 0; file < 300; ++file) write_file(from / std::to_string(file), make_bytes(100'000));
        const Path back = place.local.make_shared("back");
        Pty fcp{place.command("fcp", {"-r", "127.0.0.1:from", back})};
        fcp.wait_for("%");
        fcp.type("\x03");
        const int status = fcp.wait();
        CHECK((status == 128 + SIGINT || status == 0)); // it may have been faster
        if (!fs::exists(back / "from")) return;
        for (const std::string& name : names_in(back / "from")) {
            CHECK(name[0] != '.');
            CHECK(fs::file_size(back / "from" / name) == 100'000);
        }
    }

    TEST_CASE("the progress of a tree has the part of all that is done") {
        const Place place;
        const Path from = place.make_served("from");
        for (int file = 0; file < 10; ++file) write_file(from / std::to_string(file), make_bytes(1'000'000));
        Pty fcp{place.command("fcp", {"-r", "127.0.0.1:from", place.local / "back"})};
        CHECK(fcp.wait() == 0);
        CHECK(fcp.screen().find("\r100%    10.0 MB") != std::string::npos);
        Pty sent{place.command("fcp", {"-r", place.local / "back", "127.0.0.1:to"})};
        CHECK(sent.wait() == 0);
        CHECK(sent.screen().find("\r100%    10.0 MB") != std::string::npos);
    }

    TEST_CASE("a local disk that is full is told for each file and leaves nothing") {
        const Place place;
        const Path from = place.make_served("from");
        write_file(from / "large", make_bytes(3'000'000));
        write_file(from / "small", "small");
        write_file(from / "zlarge", make_bytes(3'000'000));
        const Path back = place.local.make_shared("back");
        const Result got = run_client({"sh", "-c", "ulimit -f 1000; trap '' XFSZ; exec \"$@\"", "sh", "env",
                                       "HOME=/nonexistent", find_program("fcp"), "-P",
                                       std::to_string(place.daemon.port()), "-r", "127.0.0.1:from", back});
        CHECK(got.status == 1);
        CHECK(std::count(got.err.begin(), got.err.end(), '\n') == 2);
        CHECK(got.err.find("File too large") != std::string::npos);
        CHECK(names_in(back / "from") == Words{"small"});
    }
}
