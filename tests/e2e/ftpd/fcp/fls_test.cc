// SPDX-License-Identifier: ISC
// fls as a person and a script use it.
#include "tests/e2e/ftpd/fcp/fcp_place.hh"

#include <algorithm>
#include <doctest/doctest.h>

using namespace e2e;

TEST_SUITE("e2e") {
    TEST_CASE("fls lists names and hides those with a dot unless asked") {
        const Place place;
        place.make_served("sub");
        write_file(place.served("b"), "12345");
        write_file(place.served(".hidden"), "");
        write_file(place.served("sub/x"), "");
        CHECK(place.fls({"127.0.0.1:"}).out == "b\nsub\n");
        CHECK(place.fls({"-p", "127.0.0.1:/"}).out == "b\nsub/\n");
        CHECK(place.fls({"-a", "127.0.0.1:"}).out == ".hidden\nb\nsub\n");
        CHECK(place.fls({"127.0.0.1:.hidden"}).out == ".hidden\n");
        CHECK(place.fls({"127.0.0.1:sub/x"}).out == "sub/x\n");
        CHECK(place.fls({"127.0.0.1:s*/x"}).status == 1);
        CHECK(place.fls({"127.0.0.1:[a-c]*"}).out == "b\n");
        const Result missing = place.fls({"127.0.0.1:c", "127.0.0.1:b"});
        CHECK(missing.err == "fls: 127.0.0.1:c: c: No such file or directory.\n");
        CHECK(missing.out == "b\n");
        CHECK(missing.status == 1);
        CHECK(place.fls({"127.0.0.1:x*"}).err == "fls: 127.0.0.1:x*: no such name on the server\n");
    }

    TEST_CASE("fls -l lists as ls -l does") {
        const Place place;
        place.make_served("sub");
        write_file(place.served("b"), "12345");
        write_file(place.served("a\xff\nz"), "");
        write_file(place.served(".hidden"), "");
        const Result top = place.fls({"-l", "127.0.0.1:"});
        CHECK(top.status == 0);
        CHECK(top.err.empty());
        CHECK(top.out.starts_with("-rw"));
        CHECK(top.out.find(" a??z\n") != std::string::npos);
        CHECK(std::count(top.out.begin(), top.out.end(), '\n') == 3);
        CHECK(top.out.find("hidden") == std::string::npos);
        CHECK(place.fls({"-la", "127.0.0.1:"}).out.find(" .hidden\n") != std::string::npos);
        write_file(place.served("sub/.alone"), "");
        CHECK(place.fls({"-l", "127.0.0.1:sub"}).out.empty());
        CHECK(place.fls({"-lp", "127.0.0.1:"}).out.ends_with(" sub/\n"));
        const Result one = place.fls({"-l", "127.0.0.1:b"});
        CHECK(one.out.ends_with(" b\n"));
        CHECK(top.out.find(one.out) != std::string::npos);
        CHECK(place.fls({"-l", "127.0.0.1:c"}).err == "fls: 127.0.0.1:c: c: No such file or directory.\n");
    }

    TEST_CASE("fls of several and fls -r have a heading for each folder in their order") {
        const Place place;
        for (const char* const name : {"a/b/c", "a/d"})
            std::filesystem::create_directories(place.served(name));
        write_file(place.served("a/b/x"), "");
        write_file(place.served("z"), "");
        CHECK(place.fls({"127.0.0.1:a", "127.0.0.1:z", "127.0.0.1:a/b"}).out ==
              "a:\nb\nd\nz\n\na/b:\nc\nx\n");
        CHECK(place.fls({"-r", "127.0.0.1:"}).out ==
              "/:\na\nz\n\na:\nb\nd\n\na/b:\nc\nx\n\na/b/c:\n\na/d:\n");
        std::filesystem::create_symlink("..", place.served("a/d/up"));
        const Result loop = place.fls({"-r", "127.0.0.1:a"});
        CHECK(loop.out == "a:\nb\nd\n\na/b:\nc\nx\n\na/b/c:\n\na/d:\nup\n"); // a link is not entered
        CHECK(loop.status == 0);
    }

    TEST_CASE("a large folder is listed whole") {
        const Place place;
        for (int file = 0; file < 3000; ++file) write_file(place.served(std::to_string(file)), "");
        for (const Words& how : {Words{"127.0.0.1:"}, Words{"-l", "127.0.0.1:"}}) {
            const Result result = place.fls(how);
            CHECK(result.status == 0);
            CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 3000);
        }
    }

    TEST_CASE("names are as they are in a pipe and escaped at a terminal") {
        const Place place;
        write_file(place.served("a\x1b[2J"), "");
        CHECK(place.fls({"127.0.0.1:"}).out == "a\x1b[2J\n");
        Pty shown{place.command("fls", {"127.0.0.1:"})};
        CHECK(shown.wait() == 0);
        CHECK(shown.screen() == "a\\x1b[2J\r\n");
    }
}
