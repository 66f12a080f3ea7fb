// SPDX-License-Identifier: ISC
// fcp -r both ways: whole trees, odd names, what cannot be copied, and what -p keeps.
#include "tests/e2e/clients.hh"
#include "tests/e2e/ftpd/fcp/fcp_place.hh"
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

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
        const Result sent = place.fcp({"-rL", tree, "127.0.0.1:up"});
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
        const Result got = place.fcp({"-rL", "127.0.0.1:up/.", back});
        CHECK(got.status == 1);
        says(got, "fcp: 127.0.0.1:up/./fifo: is neither a file nor a folder: left out\n");
        says(got, "fcp: 127.0.0.1:up/./sub/circle: leads back to a folder that contains it: skipped\n");
        says(got, "fcp: 127.0.0.1:up/./sub/z: replace " + (back / "sub/z").string() + ": Is a directory\n");
        CHECK(names_in(back) == Words{"a", "sub"});
    }

    TEST_CASE("links in a tree that is sent are left out and told unless -L follows them") {
        const Place place;
        const Path tree = place.local.make_shared("tree"), outside = place.local.make_shared("outside");
        write_file(outside / "x", "x");
        write_file(tree / "a", "a");
        fs::create_symlink("a", tree / "file");
        fs::create_symlink("../outside", tree / "folder");
        const std::string at = "fcp: " + tree.string();
        const Result sent = place.fcp({"-r", tree, "127.0.0.1:up"});
        CHECK(sent.status == 1);
        CHECK(sent.err == at + "/file: is a symbolic link: left out (-L follows it)\n" + at +
                              "/folder: is a symbolic link: left out (-L follows it)\n");
        CHECK(names_in(place.served("up")) == Words{"a"});
        CHECK(is_silent_success(place.fcp({"-rL", tree, "127.0.0.1:all"})));
        CHECK(read_file(place.served("all/file")) == "a");
        CHECK(read_file(place.served("all/folder/x")) == "x");
        CHECK(is_silent_success(place.fcp({"-r", tree / "folder", tree / "file", "127.0.0.1:"})));
        CHECK(read_file(place.served("folder/x")) == "x"); // what is named itself is meant
        CHECK(read_file(place.served("file")) == "a");
    }

    TEST_CASE("links in a tree that is fetched are left out and told unless -L follows them") {
        const Place place;
        const Path tree = place.make_served("tree"), outside = place.make_served("outside");
        write_file(outside / "x", "x");
        write_file(tree / "a", "a");
        fs::create_symlink("a", tree / "file");
        fs::create_symlink("../outside", tree / "folder");
        fs::create_symlink("..", tree / "up");
        fs::create_symlink("nowhere;type=dir", tree / "lost");
        const Result plain = place.fcp({"-r", "127.0.0.1:tree", place.local / "plain"});
        CHECK(plain.status == 1);
        CHECK(std::count(plain.err.begin(), plain.err.end(), '\n') == 4);
        for (const char* const name : {"file", "folder", "up", "lost"})
            CHECK(plain.err.find("fcp: 127.0.0.1:tree/" + std::string{name} +
                                 ": is a symbolic link: left out (-L follows it)\n") != std::string::npos);
        CHECK(names_in(place.local / "plain") == Words{"a"});

        const Result all = place.fcp({"-rL", "127.0.0.1:tree", place.local / "all"});
        CHECK(all.status == 1);
        CHECK(all.err.find("fcp: 127.0.0.1:tree/lost: ") != std::string::npos);
        CHECK(all.err.find("127.0.0.1:tree/up/tree: leads back to a folder that contains it: skipped\n") !=
              std::string::npos);
        CHECK(read_file(place.local / "all/file") == "a");
        CHECK(read_file(place.local / "all/folder/x") == "x");
        CHECK(is_silent_success(place.fcp({"-r", "127.0.0.1:tree/folder", place.local / "named"})));
        CHECK(read_file(place.local / "named/x") == "x"); // what is named itself is meant
        CHECK(is_silent_success(place.fcp({"127.0.0.1:tree/file", place.local / "one"})));
        CHECK(read_file(place.local / "one") == "a");

        const Result listed = place.fls({"-r", "127.0.0.1:tree"});
        CHECK(listed.status == 0);
        CHECK(listed.out == "tree:\na\nfile\nfolder\nlost\nup\n");
        CHECK(place.fls({"-l", "127.0.0.1:tree"}).out.find(" folder -> ../outside\n") != std::string::npos);
        CHECK(place.fls({"-rL", "127.0.0.1:tree"}).out.find("\ntree/folder:\nx\n") != std::string::npos);
    }

    TEST_CASE("fcp -r tells what the server cannot look at or read and fails") {
        if (!is_root()) return tests::skip("only root has files that the daemon's user may not read");
        const TempDir folder;
        const Daemon daemon{as_ordinary_user(folder, {"anonymous read"})};
        fs::create_directories(daemon.files() / "t/closed");
        fs::create_directories(daemon.files() / "t/shut");
        write_file(daemon.files() / "t/closed/x", "x");
        write_file(daemon.files() / "t/a", "a");
        write_file(daemon.files() / "t/secret", "s");
        ::chmod((daemon.files() / "t/closed").c_str(), 0744); // may be read, not entered
        ::chmod((daemon.files() / "t/shut").c_str(), 0700);
        ::chmod((daemon.files() / "t/secret").c_str(), 0600);
        const TempDir local;
        const auto run = [&](const std::string& program, const Words& operands) {
            Words words{program, "-P", std::to_string(daemon.port())};
            words.insert(words.end(), operands.begin(), operands.end());
            return run_client(words);
        };
        const Result got = run("fcp", {"-r", "127.0.0.1:t", local / "back"});
        CHECK(got.status == 1);
        for (const char* const name : {"closed", "shut", "secret"})
            CHECK(got.err.find("fcp: 127.0.0.1:t/" + std::string{name} + ": ") != std::string::npos);
        CHECK(std::count(got.err.begin(), got.err.end(), '\n') == 3);
        CHECK(read_file(local / "back/a") == "a");
        const Result listed = run("fls", {"-r", "127.0.0.1:t"});
        CHECK(listed.status == 1);
        CHECK(listed.err.find("fls: 127.0.0.1:t/closed: ") != std::string::npos);
        CHECK(run("fls", {"127.0.0.1:t/closed"}).status == 1);
    }

    TEST_CASE("a drop box that may make folders takes a tree") {
        const Place place{"upload-only mkdir"};
        const Path tree = place.local / "tree";
        fs::create_directories(tree / "sub/empty");
        write_file(tree / "sub/x", "x");
        CHECK(is_silent_success(place.fcp({"-r", tree, "127.0.0.1:"})));
        CHECK(read_file(place.served("tree/sub/x")) == "x");
        CHECK(fs::is_directory(place.served("tree/sub/empty")));
        FtpClient client = connect_logged_in(place.daemon);
        client.command("RMD tree/sub/empty", 550);
        client.command("MKD tree", 550);
        CHECK(place.fls({"127.0.0.1:tree"}).status == 1);
        CHECK(place.fcp({"127.0.0.1:tree/sub/x", "-"}).out.empty());
    }

    TEST_CASE("fcp -r fetches as deep as it sends") {
        const Place place;
        const Path tree = place.local / "t";
        Path deepest = tree;
        for (int level = 0; level < 900; ++level) deepest /= "d";
        fs::create_directories(deepest);
        write_file(deepest / "file", "deep");
        CHECK(is_silent_success(place.fcp({"-r", tree, "127.0.0.1:up"})));
        CHECK(is_silent_success(place.fcp({"-r", "127.0.0.1:up", place.local / "b"})));
        CHECK(read_file(place.local / "b" / fs::relative(deepest, tree) / "file") == "deep");
    }

    TEST_CASE("names of a line feed or of 255 bytes or of Latin-1 survive fcp -r both ways") {
        const Place place;
        const Path tree = place.local.make_shared("tree");
        const Words names{"a\nb",
                          "\n",
                          "\r\n",
                          "226 done\r\n",
                          "end\n",
                          "caf\xe9",
                          "\xe4\xf6\xfc\xdf \xff",
                          std::string(255, 'x'),
                          std::string(254, 'y') + '\xe9',
                          std::string(255, '\n')};
        for (const std::string& name : names) {
            write_file(tree / name, "file " + name);
            fs::create_directories(tree / "folders" / name / name);
            write_file(tree / "folders" / name / name / name, "in " + name);
        }
        for (const Words& how : {Words{"-r"}, Words{"-rp"}, Words{"-rc"}}) {
            const auto copy = [&](const std::string& from, const std::string& to) {
                Words operands = how;
                operands.insert(operands.end(), {from, to});
                return place.fcp(operands);
            };
            CHECK(is_silent_success(copy(tree, "127.0.0.1:up" + how[0])));
            check_same_bytes(tree, place.served("up" + how[0]));
            CHECK(is_silent_success(copy("127.0.0.1:up" + how[0], place.local / ("back" + how[0]))));
            check_same_bytes(tree, place.local / ("back" + how[0]));
        }
        for (const std::string& name : names) { // and one by one
            CHECK(is_silent_success(place.fcp({"127.0.0.1:up-r/" + name, place.local / "one"})));
            CHECK(read_file(place.local / "one") == "file " + name);
        }
        CHECK(place.fls({"127.0.0.1:up-r"}).out.find("\na\nb\n") != std::string::npos);
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
