// SPDX-License-Identifier: ISC
#include "tests/skip.hh"

#include <cstdlib>
#include <sstream>
#include <unistd.h>

namespace tests {

static std::string reason; // the runner gives each test a process of its own

void skip(std::string why) { reason = std::move(why); }

const std::string& skipped() { return reason; }

bool lacks(const std::string& program) {
    const char* const path = std::getenv("PATH");
    std::istringstream folders{path != nullptr ? path : ""};
    for (std::string folder; std::getline(folders, folder, ':');)
        if (::access((folder + '/' + program).c_str(), X_OK) == 0) return false;
    skip(program + " is not installed");
    return true;
}

} // namespace tests
