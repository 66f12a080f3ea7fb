// SPDX-License-Identifier: ISC
#include "ftpd/fcp/netrc.hh"

#include "common/errors.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>

using common::UserError;
using ftpd::find_login;
using ftpd::NetrcEntry;
using ftpd::parse_netrc;
using ftpd::read_login;

namespace {

// "MACHINE USER PASSWORD;", a dash for what is missing.
std::string parsed(std::string_view file) {
    std::string all;
    for (const NetrcEntry& entry : parse_netrc(file)) {
        all.append(entry.machine.empty() ? "-" : entry.machine).append(" ");
        all.append(entry.user.empty() ? "-" : entry.user).append(" ");
        all.append(entry.password ? entry.password->view() : "-").append(";");
    }
    return all;
}

std::string found(std::string_view file, std::string_view host, std::string_view user = {}) {
    const std::vector<NetrcEntry> entries = parse_netrc(file);
    const NetrcEntry* const entry = find_login(entries, host, user);
    return entry == nullptr ? "none" : entry->user;
}

std::string fault(std::string_view file) {
    try {
        parse_netrc(file);
    } catch (const UserError& error) {
        return error.what();
    }
    return "nothing";
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("netrc entries are words with any blanks between") {
        CHECK(parsed("machine a login b password c\nmachine d login e\n") == "a b c;d e -;");
        CHECK(parsed("machine a\n\tlogin b\n\tpassword c\n\n\ndefault login anonymous password x@y") ==
              "a b c;- anonymous x@y;");
        CHECK(parsed("machine a login b account z password c,d") == "a b c,d;");
        CHECK(parsed("") == "");
        CHECK(parsed(" \n\r\n") == "");
        CHECK(parsed("machine login login machine password password") == "login machine password;");
    }

    TEST_CASE("a byte order mark at the head of netrc is no part of its first word") {
        const auto entries = ftpd::parse_netrc("\xef\xbb\xbfmachine host login joe password secret\n");
        REQUIRE(entries.size() == 1);
        CHECK(entries[0].machine == "host");
    }

    TEST_CASE("netrc words in quotes may hold blanks and quotes") {
        CHECK(parsed("machine a login \"b c\" password \"d\\\" \\\\e\"") == "a b c d\" \\e;");
        CHECK(parsed("machine a password \"\"") == "a - ;");
        CHECK(parsed("machine a password x\"y\\z") == "a - x\"y\\z;");
    }

    TEST_CASE("netrc macros and comments are left out") {
        CHECK(parsed("machine a login b\nmacdef init\nmachine x login y\ncd z\n\nmachine c login d") ==
              "a b -;c d -;");
        CHECK(parsed("machine a\nmacdef last\nto the end") == "a - -;");
        CHECK(parsed("# machine x\nmachine a # its user\nlogin b password #c\n") == "a b #c;");
    }

    TEST_CASE("a netrc file that cannot be understood is told with its line and without its words") {
        CHECK(fault("machine a\n\nlogin") == "line 3: `login' has no word after it");
        CHECK(fault("machine a\nlogin b secret\n") ==
              "line 2: a word is not one of machine, default, login, password, account, macdef");
        CHECK(fault("login b") == "line 1: `login' comes before any `machine'");
        CHECK(fault("machine a password \"x") == "line 1: a quote is not closed");
    }

    TEST_CASE("the first netrc entry for the host and the user counts") {
        constexpr auto file = "machine one login a machine Two login b machine two login c default login d";
        CHECK(found(file, "one") == "a");
        CHECK(found(file, "two") == "b");
        CHECK(found(file, "two", "c") == "c");
        CHECK(found(file, "two", "x") == "none");
        CHECK(found(file, "three") == "d");
        CHECK(found("machine one login a", "onetwo") == "none");
        CHECK(found("machine one", "one", "joe").empty()); // an entry without a user is for each
    }

    TEST_CASE("a netrc file with a password is refused if others may read it") {
        const TemporaryFolder folder;
        const std::string path = folder / "netrc";
        CHECK(!read_login(path, "a", ""));
        std::ofstream{path} << "machine a login b password c\nmachine d login anonymous password e";
        ::chmod(path.c_str(), 0600);
        CHECK(read_login(path, "a", "")->password->view() == "c");
        CHECK(!read_login(path, "x", ""));
        for (const mode_t mode : {0640, 0604, 0620}) {
            ::chmod(path.c_str(), mode);
            CHECK_THROWS_AS(read_login(path, "a", ""), UserError);
            CHECK(read_login(path, "d", "")->user == "anonymous"); // which is no secret
            CHECK(!read_login(path, "x", ""));
        }
    }
}
