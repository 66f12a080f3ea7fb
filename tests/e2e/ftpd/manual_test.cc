// SPDX-License-Identifier: ISC
// What ftpd(8) promises and no other test holds it to.
#include "tests/e2e/harness.hh"
#include "tests/manual.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;

TEST_SUITE("e2e") {
    TEST_CASE("as many unknown verbs before a login as ftpd(8) says close the connection") {
        constexpr int most = 10;
        CHECK(tests::Manual{"ftpd.8"}.says(common::text("unknown verbs before a login ", most, " verbs")));
        const Daemon daemon;
        Connection client{daemon.port()};
        client.expect(220);
        for (int sent = 1; sent <= most; ++sent) client.command("XYZZY", 500);
        client.expect(421);
        client.wait_for_end();
    }

    TEST_CASE("whoever may not replace a file is not told how to") {
        const Daemon daemon{{.lines = {"anonymous upload-only"}}};
        write_file(daemon.files() / "there", "old");
        Connection client{daemon.port()};
        client.expect(220);
        CHECK(client.command("PUT there", 550) == "550 /there exists already: you may not replace it.");
        CHECK(read_file(daemon.files() / "there") == "old");
    }

    TEST_CASE("the transfers of ftpd(8) go as it shows them") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        Connection client{daemon.port()};
        client.expect(220);
        client.send("ALLO 5\nPUT notes\n12345REST 1\nGET notes\nREST 2\nALLO 1\nPUT notes\nxGET notes\n");
        CHECK(client.expect(200) == "200 The next upload has 5 bytes.");
        CHECK(client.expect(150) == "150 Send 5 bytes.");
        CHECK(client.expect(226).ends_with(" 5 notes"));
        client.expect(350);
        CHECK(client.expect(150) == "150 4 bytes follow");
        CHECK(client.read_exactly(4) == "2345");
        CHECK(client.expect(226).ends_with(" 4 notes"));
        client.expect(350);
        client.expect(200);
        client.expect(150);
        CHECK(client.expect(226).ends_with(" 1 notes"));
        CHECK(client.expect(150) == "150 5 bytes follow");
        CHECK(client.read_exactly(5) == "12x45"); // written in place, and the tail stays
    }
}
