// SPDX-License-Identifier: ISC
#include "ftpd/fcp/remote_name.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <doctest/doctest.h>

using common::UserError;
using ftpd::join_path;
using ftpd::name_of_copy;
using ftpd::parse_remote_name;
using ftpd::RemoteName;

namespace {

// "HOST|PATH", "USER@HOST|PATH", or "local".
std::string parsed(std::string_view word) {
    const std::optional<RemoteName> name = parse_remote_name(word);
    if (name && !name->user.empty()) return name->user + '@' + name->host + '|' + name->path;
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
        CHECK(parsed("joe@host:a@b") == "joe@host|a@b");
        CHECK(parsed("joe@example.com@host:x") == "joe@example.com@host|x");
        CHECK(parsed("joe@[::1]:x") == "joe@::1|x");
    }

    TEST_CASE("a remote name may be a URL whose parts are decoded") {
        const auto url = [](std::string_view word) {
            const RemoteName name = parse_remote_name(word).value();
            return common::text(name.user, ' ', name.password.value_or("-"), ' ', name.host, ' ', name.port,
                                ' ', name.path);
        };
        CHECK(url("ftp://host:2121/pub/a%20b%25") == " - host 2121 pub/a b%");
        CHECK(url("FTP://joe@host") == "joe - host 21 ");
        CHECK(url("ftp://joe:p%40ss:w@[::1]:99/%2Fx") == "joe p@ss:w ::1 99 /x");
        CHECK(url("ftp://a%40b:@host/") == "a@b  host 21 ");
        CHECK(url("ftp://[fe80::1%25eth0]/x]:y") == " - fe80::1%eth0 21 x]:y");
        CHECK(url("ftp://host/a//b?c#d*%0a") == " - host 21 a//b?c#d*\n");
        const RemoteName one = *parse_remote_name("ftp://host:1/x");
        CHECK(one.same_server(*parse_remote_name("ftp://host:1/y")));
        for (const char* const other : {"ftp://host:2/x", "ftp://joe@host:1/x", "host:x"})
            CHECK_FALSE(one.same_server(*parse_remote_name(other)));
        CHECK(parsed("http://host/x") == "http|//host/x"); // as ever
        CHECK(url("ftps://joe@host/x") == "joe - host 990 x");
        CHECK(url("FTPS://host:1/x") == " - host 1 x");
        CHECK(parse_remote_name("ftps://host/")->begins_with_tls);
        CHECK_FALSE(one.begins_with_tls);
        CHECK_FALSE(one.same_server(*parse_remote_name("ftps://host:1/x")));
    }

    TEST_CASE("a URL that is wrong is refused in words that hold no password") {
        const std::pair<const char*, const char*> wrong[]{
            {"ftp://", "the host is missing: write ftp://HOST"},
            {"ftp:///x", "the host is missing"},
            {"ftp://host:0/x", "the port is a number of 1 to 65535"},
            {"ftp://host:/x", "the port is a number of 1 to 65535"},
            {"ftp://host:65536/x", "the port is a number of 1 to 65535"},
            {"ftp://[::1]x/x", "the port is a number of 1 to 65535"},
            {"ftp://::1/x", "write an IPv6 address in brackets"},
            {"ftp://[::1/x", "write an IPv6 address in brackets"},
            {"ftp://[host]/x", "only an IPv6 address is written in brackets"},
            {"ftp://@host/x", "the user before the @ is missing"},
            {"ftp://:secret@host/x", "the user before the @ is missing"},
            {"ftp://joe:secret@host/100%", "% itself is written %25"},
            {"ftp://joe:secret%zz@host/x", "two hexadecimal digits"},
            {"ftp://host/%0", "two hexadecimal digits"},
            {"ftp://host/%00", "NUL"},
            {"ftp://joe%0d%0aQUIT@host/x", "control characters"},
            {"ftp://joe:secret%0a@host/x", "control characters"},
        };
        for (const auto& row : wrong) {
            CAPTURE(row.first);
            std::string said;
            try {
                parse_remote_name(row.first);
            } catch (const UserError& error) {
                said = error.what();
            }
            CHECK(said.find(row.second) != said.npos);
            CHECK(said.starts_with("ftp://"));
            CHECK(said.find("secret") == said.npos);
        }
    }

    TEST_CASE("a local name has no colon or a slash before it") {
        for (const char* const word : {"a", "./a:b", "/a:b", "dir/[::1]:x", "-", "", "[a]", "a]"})
            CHECK(parsed(word) == "local");
    }

    TEST_CASE("a remote name without a host or a closing bracket is refused") {
        for (const char* const word :
             {":a", ":", "[::1:a", "[]:a", "[host]:a", "[::1]a:b", "@host:a", "joe@:a", "joe@[::1:a"})
            CHECK_THROWS_AS(parsed(word), UserError);
    }

    TEST_CASE("a remote name is shown as it was written and escaped") {
        CHECK(parse_remote_name("[::1]:a\nb")->shown() == "[::1]:a\\nb");
        CHECK(parse_remote_name("joe@host:a")->shown() == "host:a");
        CHECK(ftpd::address_text("::1", 2121) == "[::1]:2121");
        CHECK(ftpd::address_text("host", 21) == "host:21");
    }

    TEST_CASE("a copy in a folder is called as the last component of what is copied") {
        CHECK(name_of_copy("a/b") == "b");
        CHECK(name_of_copy("a/b//") == "b");
        CHECK(name_of_copy("-") == "-");
        for (const char* const path : {"", "/", "a/..", ".", "./", "a/."}) CHECK(name_of_copy(path).empty());
        CHECK(join_path("", "x") == "x");
        CHECK(join_path("/", "x") == "/x");
        CHECK(join_path("a/", "x") == "a/x");
        CHECK(join_path("a", "x") == "a/x");
    }
}
