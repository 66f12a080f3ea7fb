// SPDX-License-Identifier: ISC
#include "tests/skip.hh"

#include <cstdlib>
#include <sstream>
#include <unistd.h>

namespace tests {

static std::string reason; // the runner gives each test a process of its own

void skip(std::string why) { reason = std::move(why); }

const std::string& skipped() { return reason; }

std::string find_installed(const std::string& program) {
    const char* const path = std::getenv("PATH");
    std::istringstream folders{std::string{path != nullptr ? path : ""} + ":/usr/games:/usr/sbin"};
    for (std::string folder; std::getline(folders, folder, ':');)
        if (std::string found = folder + '/' + program; ::access(found.c_str(), X_OK) == 0) return found;
    skip(program + " is not installed");
    return {};
}

} // namespace tests
