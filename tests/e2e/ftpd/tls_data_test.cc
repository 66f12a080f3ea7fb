// SPDX-License-Identifier: ISC
// Data connections under TLS: who may make them, which session they resume, and how ABOR ends them.
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/secured.hh"
#include "tests/skip.hh"

#include <doctest/doctest.h>
#include <filesystem>

using namespace e2e;
using common::text;

namespace {

// Python's ftplib.
Words python(const Secured& server, const Words& more = {}) {
    Words words{"python3", in_source("tests/e2e/ftpd/tls_client.py"), text(server.daemon().port()),
                server.certificate(), server.daemon().files()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("TLS: Python's ftplib with and without resumed sessions") {
        const Secured server;
        run_in(server.daemon().folder().path(), python(server));
    }

    TEST_CASE("TLS: where sessions must be resumed who does not is refused and who does is served") {
        const Secured server{{"tls-reuse required", "log-level detail"}};
        const Result result = run_client(python(server, {"resuming"}));
        CHECK_MESSAGE(result.status == 0, result.err);
        const Result refused = run_client(python(server, {"plain"}));
        CHECK(refused.status != 0);
        server.daemon().wait_for_log("refuse STOR: 522 "); // the client may see the reset first
        CHECK(!std::filesystem::exists(server.daemon().files() / "file0"));
        const TempDir folder;
        write_file(server.daemon().files() / "file", "hello\n");
        CHECK(run_in(folder.path(), server.curl({server.url("file")})) == "hello\n");
    }

    TEST_CASE("TLS: ABOR breaks off both ways where sessions must be resumed and the session goes on") {
        const Secured server{{"tls-reuse required"}};
        const Result result = run_client(python(server, {"aborting"}));
        CHECK_MESSAGE(result.status == 0, result.err);
    }

    TEST_CASE("TLS: a ticket comes before each data connection and none over it") {
        const Secured server;
        run_in(server.daemon().folder().path(), python(server, {"tickets"}));
    }

    TEST_CASE("TLS: data connections lead to the host of the client alone whether it must resume or not") {
        if (!have_proc()) return tests::skip("only on Linux is 127.0.0.2 ours without a say");
        for (const std::string reuse : {"optional", "required"}) {
            const Secured server{{"tls-reuse " + reuse}};
            run_in(server.daemon().folder().path(), python(server, {"elsewhere"}));
        }
    }
}
