// SPDX-License-Identifier: ISC
// FTP under TLS where a connection ends on one side of the relay and has not on the other.
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/secured.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

void run_against(const Secured& server, const std::string& what) {
    run_in(server.daemon().folder().path(), {"python3", in_source("tests/e2e/ftpd/tls_ends.py"), what,
                                             text(server.daemon().port()), server.certificate()});
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("TLS: ABOR resets a data connection whose client takes nothing and the session goes on") {
        const Secured server;
        write_file(server.daemon().files() / "large", make_bytes(30'000'000));
        run_against(server, "aborts_unread");
        CHECK(server.daemon().log().find("too many data connections") == std::string::npos);
    }

    TEST_CASE("TLS: what was acknowledged of an earlier upload settles none that follows") {
        const Secured server{{"tls-end trusted"}};
        run_against(server, "stale");
        CHECK(read_file(server.daemon().files() / "file") == std::string(100'000, 'A'));
    }
}
