// SPDX-License-Identifier: ISC
// Which servers a user has accepted, and whom the file that says so is believed from.
#include "common/tls/known_servers.hh"

#include "common/errors.hh"
#include "common/whole_file.hh"
#include "tests/skip.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;
using Keys = std::vector<std::string>;

TEST_SUITE("unit") {
    TEST_CASE("known servers: a line is of one server and one port and its first number is told") {
        const std::string content =
            "# those I know\nhost:21 aa\nhost:210 bb\n\n  Host:21\tcc  \r\n[::1]:21 dd";
        const KnownServer found = find_server(content, "host:21");
        CHECK(found.keys == Keys{"aa", "cc"});
        CHECK(found.line == 2);
        CHECK(find_server(content, "[::1]:21").keys == Keys{"dd"});
        CHECK(find_server(content, "[::1]:21").line == 6);
        for (const char* const other : {"host", "host:2", "ost:21", "#", "host:21 aa"})
            CHECK(find_server(content, other).line == 0);
        CHECK(find_server("host:21", "host:21").keys == Keys{""}); // no key is any server's
    }

    TEST_CASE("known servers: a file and its folders are made for their user alone") {
        const TemporaryFolder folder;
        const KnownServers known{folder / "a/b/known-servers"};
        CHECK(known.find("host:21").line == 0);
        known.add("host:21", "aa");
        known.add("other:21", "bb");
        CHECK(read_whole_file(known.path()) == "host:21 aa\nother:21 bb\n");
        CHECK(known.find("other:21").line == 2);
        struct stat found {};
        REQUIRE(::stat(known.path().c_str(), &found) == 0);
        CHECK((found.st_mode & 07777) == 0600);
        REQUIRE(::stat((folder / "a/b").c_str(), &found) == 0);
        CHECK((found.st_mode & 07777) == 0700);
    }

    TEST_CASE("known servers: a file that others can write to is not believed") {
        const TemporaryFolder folder;
        const KnownServers known{folder / "known-servers"};
        known.add("host:21", "aa");
        REQUIRE(::chmod(known.path().c_str(), 0620) == 0);
        CHECK_THROWS_AS(known.find("host:21"), UserError);
        REQUIRE(::chmod(known.path().c_str(), 0644) == 0);
        CHECK(known.find("host:21").line == 1);
    }

    TEST_CASE("known servers: a line stands alone though the one before has no end") {
        const TemporaryFolder folder;
        const KnownServers known{folder / "known-servers"};
        std::ofstream{known.path()} << "host:21 aa";
        known.add("other:21", "bb");
        CHECK(read_whole_file(known.path()) == "host:21 aa\nother:21 bb\n");
    }

    TEST_CASE("known servers: another user's file is not believed") {
        if (::geteuid() != 0) return tests::skip("only root makes one");
        const TemporaryFolder folder;
        const KnownServers known{folder / "known-servers"};
        known.add("host:21", "aa");
        REQUIRE(::chown(known.path().c_str(), 12345, static_cast<gid_t>(-1)) == 0);
        CHECK_THROWS_AS(known.find("host:21"), UserError);
    }

    TEST_CASE("known servers: without a home none is known or kept") {
        const KnownServers known{std::string{}};
        CHECK(known.find("host:21").line == 0);
        CHECK_THROWS_AS(known.add("host:21", "aa"), UserError);
    }
}
