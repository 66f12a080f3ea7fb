// SPDX-License-Identifier: ISC
// The soak of tests/bench/chat_soak.py, in short.
#include "tests/e2e/chat_client.hh"

#include <doctest/doctest.h>

using namespace e2e;

TEST_SUITE("e2e slow") {
    TEST_CASE("every client that is left has seen exactly the lines that the logs of its rooms hold") {
        const std::string program = find_program("chatd");
        const std::string folder = program.substr(0, program.rfind('/'));
        const Result soak = run_client({"python3", e2e::in_source("tests/bench/chat_soak.py"), "--seconds",
                                        "8", "--clients", "40", "--seed", "1", "--bin", folder});
        CHECK_MESSAGE(soak.status == 0, soak.err);
        CHECK(soak.out.find("all as the logs have them") != std::string::npos);
    }
}
