// SPDX-License-Identifier: ISC
#include "ftpd/remote_name.hh"

#include "common/errors.hh"

#include <doctest/doctest.h>

using common::UserError;
using ftpd::local_target;
using ftpd::parse_remote_name;
using ftpd::remote_target;
using ftpd::RemoteName;

namespace {

// "HOST|PATH", or "local".
std::string parsed(std::string_view word) {
    const std::optional<RemoteName> name = parse_remote_name(word);
    return name ? name->host + '|' + name->path : "local";
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a remote name is a host and a colon before any slash") {
        CHECK(parsed("host:a/b") == "host|a/b");
        CHECK(parsed("host:/a") == "host|/a");
        CHECK(parsed("host:") == "host|");
        CHECK(parsed("host:a:b") == "host|a:b");
        CHECK(parsed("127.0.0.1: a ") == "127.0.0.1| a ");
        CHECK(parsed("[::1]:a") == "::1|a");
        CHECK(parsed("[fe80::1%eth0]:[x]:y") == "fe80::1%eth0|[x]:y");
    }

    TEST_CASE("a local name has no colon or a slash before it") {
        for (const char* const word : {"a", "./a:b", "/a:b", "dir/[::1]:x", "-", "", "[a]", "a]"})
            CHECK(parsed(word) == "local");
    }

    TEST_CASE("a remote name without a host or a closing bracket is refused") {
        for (const char* const word : {":a", ":", "[::1:a", "[]:a", "[host]:a", "[::1]a:b"})
            CHECK_THROWS_AS(parsed(word), UserError);
    }

    TEST_CASE("a remote name is shown as it was written and escaped") {
        CHECK(parse_remote_name("[::1]:a\nb")->shown() == "[::1]:a\\nb");
        CHECK(parse_remote_name("host:a")->shown() == "host:a");
        CHECK(ftpd::address_text("::1", 2121) == "[::1]:2121");
        CHECK(ftpd::address_text("host", 21) == "host:21");
    }

    TEST_CASE("a directory takes what is fetched under its remote name") {
        CHECK(local_target("x", false, {"h", "a/b"}) == "x");
        CHECK(local_target("x", false, {"h", "a/.."}) == "x");
        CHECK(local_target("d", true, {"h", "a/b"}) == "d/b");
        CHECK(local_target("d/", true, {"h", "b"}) == "d/b");
        CHECK(local_target(".", true, {"h", "/b"}) == "./b");
        CHECK_THROWS_AS(local_target("x", false, {"h", ""}), UserError);
        for (const char* const path : {"", "/", "a/", ".", "a/.."})
            CHECK_THROWS_AS(local_target("d", true, {"h", path}), UserError);
    }

    TEST_CASE("a remote folder takes what is sent under its local name") {
        CHECK(remote_target({"h", "x"}, "a/b") == "x");
        CHECK(remote_target({"h", "x"}, "-") == "x");
        CHECK(remote_target({"h", ""}, "a/b") == "b");
        CHECK(remote_target({"h", "d/"}, "b") == "d/b");
        CHECK(remote_target({"h", "/"}, "./-") == "/-");
        for (const char* const local : {"-", ".", "..", "/", "a/", "a/.."})
            CHECK_THROWS_AS(remote_target({"h", "d/"}, local), UserError);
    }
}
