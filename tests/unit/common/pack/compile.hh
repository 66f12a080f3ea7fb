// SPDX-License-Identifier: ISC
// Compiling in a test, for what is decided while compiling.
#pragma once

#include "tests/e2e/process.hh"

// Runs $CXX, or g++, for C++20 with the suite's headers; takes up to some minutes on a busy machine.
inline e2e::Result compile(const e2e::Words& arguments) {
    e2e::Words command{"sh", "-c", "exec ${CXX:-g++} -std=c++20 -I \"$0\" \"$@\"",
                       e2e::in_source("").string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return e2e::run_client(command, {}, e2e::Seconds{500});
}
