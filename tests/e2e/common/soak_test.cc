// SPDX-License-Identifier: ISC
// The soak of tests/soak, in short.
#include "tests/e2e/files.hh"
#include "tests/e2e/process.hh"

#include <doctest/doctest.h>

using namespace e2e;

TEST_SUITE("e2e slow") {
    TEST_CASE("nobody notices that hub and parent are killed again and again") {
        const std::string program = find_program("chatd");
        const std::string folder = program.substr(0, program.rfind('/'));
        const Result soak =
            run_client({"env", "CLIENTS=60", "python3", in_source("tests/soak/soak.py"), folder, "0.4"}, {},
                       Seconds{300});
        CHECK_MESSAGE(soak.status == 0, soak.out, soak.err);
    }
}
