// SPDX-License-Identifier: ISC
// The command lines that fcp and fls name for servers they cannot talk to.
#include "ftpd/fcp/advice.hh"

#include <doctest/doctest.h>

using ftpd::command_for;
using ftpd::Wish;
using Use = Wish::Use;

TEST_SUITE("unit") {
    TEST_CASE("the command line of curl that does the same can be given to a shell as it is") {
        CHECK(command_for({Use::fetch, {"", "host", "pub/a b"}, 21, "it's"}) ==
              "curl -o 'it'\\''s' 'ftp://host:21/pub/a%20b'");
        CHECK(command_for({Use::send, {"joe", "::1", "/x#y"}, 2121, "x"}) ==
              "curl -u 'joe' -T 'x' 'ftp://[::1]:2121/%2Fx%23y'");
        CHECK(command_for({Use::list, {"", "host", ""}, 21}) == "curl 'ftp://host:21/'");
        CHECK(command_for({Use::list, {"", "host", "pub"}, 21}) == "curl 'ftp://host:21/pub/'");
    }

    TEST_CASE("a password of netrc is left to curl to find for its user") {
        CHECK(command_for({.use = Use::fetch,
                           .remote = {"joe@home", "host", "x"},
                           .port = 21,
                           .local = "x",
                           .password_in_netrc = true}) == "curl -n -o 'x' 'ftp://joe%40home@host:21/x'");
    }

    TEST_CASE("trees are for the mirror of lftp whose words are quoted twice") {
        CHECK(command_for({Use::fetch, {"joe", "host", "a \"b"}, 21, "it's", true}) ==
              "lftp -e 'mirror \"a \\\"b\" \"it'\\''s\"; quit' 'ftp://joe@host:21'");
        CHECK(command_for({Use::fetch, {"", "host", ""}, 21, "all", true}) ==
              "lftp -e 'mirror \".\" \"all\"; quit' 'ftp://host:21'");
        const auto sent = [](const char* local, const char* remote) {
            const std::string line = command_for({Use::send, {"", "::1", remote}, 2121, local, true});
            const std::size_t at = line.find("mirror");
            return line.substr(at, line.find(';') - at);
        };
        CHECK(sent("a/b", "new") == "mirror -R \"a/b\" \"new\"");
        CHECK(sent("a/b", "") == "mirror -R \"a/b\" \"b\"");
        CHECK(sent("a/b", "in/") == "mirror -R \"a/b\" \"in/b\"");
        CHECK(sent("a/.", "") == "mirror -R \"a/.\" \".\"");
        CHECK(command_for({Use::list, {"", "host", "pub"}, 21, "", true}) ==
              "lftp -e 'find \"pub\"; quit' 'ftp://host:21'");
    }

    TEST_CASE("what was wanted under TLS is under TLS with other programs too") {
        using Mode = common::TlsWish::Mode;
        Wish wish{.use = Use::fetch, .remote = {"", "host", "x"}, .port = 21, .local = "x"};
        wish.tls = Mode::required;
        CHECK(command_for(wish) == "curl --ssl-reqd -o 'x' 'ftp://host:21/x'");
        wish.tls = Mode::implicit;
        CHECK(command_for(wish) == "curl -o 'x' 'ftps://host:21/x'");
        wish.recursive = true;
        CHECK(command_for(wish) == "lftp -e 'mirror \"x\" \"x\"; quit' 'ftps://host:21'");
        wish.tls = Mode::required;
        CHECK(command_for(wish) == "lftp -e 'set ftp:ssl-force true; set ftp:ssl-protect-data true; "
                                   "mirror \"x\" \"x\"; quit' 'ftp://host:21'");
    }

    TEST_CASE("a pattern is for lftp to match") {
        CHECK(command_for({Use::fetch, {"", "host", "a b/*.txt"}, 21, "into"}) ==
              "lftp -e 'mget -O \"into\" a\\ b/*.txt; quit' 'ftp://host:21'");
        CHECK(!ftpd::is_pattern("a*/b"));
    }
}
